"""The words of messages, in English and in Chinese: tables of texts with `{fields}` that `alerts/wording.py` fills in."""

from collections.abc import Mapping

from vigild.core.edges import EdgeKind

LANGUAGES = ("en", "zh")

_EN = {
    "down": "{name} is down",
    "fatal": "{name} is given up (FATAL)",
    "flapping": "{name} is flapping",
    "unhealthy": "{name} is unhealthy",
    "rule": "{name}: a rule came true",
    "monitor": "monitor {name} failed",
    "listener": "event listener {name} is stuck",
    "overflow": "event listener {name}: events were dropped",
    "schedule": "{name}: a scheduled run did not begin",
    "daemon": "the daemon had trouble",
    "recovered": "{name} has recovered",
    "test": "a test message",
    "was": "{name} had trouble ({kind}) and has recovered",
    "downs": "{count} programs are down: {names}",
    "fatals": "{count} programs are given up (FATAL): {names}",
    "flappings": "{count} programs are flapping: {names}",
    "unhealthys": "{count} programs are unhealthy: {names}",
    "rules": "{count} rules came true: {names}",
    "monitors": "{count} monitors failed: {names}",
    "listeners": "{count} event listeners are stuck: {names}",
    "overflows": "{count} event listeners lost events: {names}",
    "schedules": "{count} scheduled runs did not begin: {names}",
    "daemons": "the daemon had {count} troubles",
    "recovereds": "{count} have recovered: {names}",
    "tests": "{count} test messages",
    "wases": "{count} had trouble and have recovered: {names}",
    "and_more": "{names} and {count} more",
    "since": "since {when}",
    "lasts": "since {when}, for {duration}",
    "ended": "it lasted {duration}, from {began} to {ended}",
    "reminder": "it still lasts",
    "often": "{count} times since the last message",
    "output": "last lines of {channel}:",
    "more": "…{count} more",
    "where": "host {host}, daemon {identifier}",
    "held": "held back by {why}",
    "left_out": "{count} more for which there was no room",
    "comma": ", ",
    "semicolon": "; ",
    "quiet hours": "quiet hours",
    "the limit of messages": "the limit of messages",
    "a receiver that could not be reached": "a receiver that could not be reached",
    "days": "{0} d {1} h",
    "hours": "{0} h {1} min",
    "minutes": "{0} min {1} s",
    "seconds": "{0} s",
}
_ZH = {
    "down": "{name} 已停止运行",
    "fatal": "{name} 已放弃启动（FATAL）",
    "flapping": "{name} 反复重启",
    "unhealthy": "{name} 健康检查失败",
    "rule": "{name}：规则触发",
    "monitor": "监控项 {name} 异常",
    "listener": "事件监听器 {name} 无响应",
    "overflow": "事件监听器 {name}：事件被丢弃",
    "schedule": "{name}：定时任务未能执行",
    "daemon": "守护进程出现问题",
    "recovered": "{name} 已恢复",
    "test": "测试消息",
    "was": "{name} 曾出现故障（{kind}），现已恢复",
    "downs": "{count} 个程序已停止运行：{names}",
    "fatals": "{count} 个程序已放弃启动（FATAL）：{names}",
    "flappings": "{count} 个程序反复重启：{names}",
    "unhealthys": "{count} 个程序健康检查失败：{names}",
    "rules": "{count} 条规则触发：{names}",
    "monitors": "{count} 个监控项异常：{names}",
    "listeners": "{count} 个事件监听器无响应：{names}",
    "overflows": "{count} 个事件监听器丢弃了事件：{names}",
    "schedules": "{count} 个定时任务未能执行：{names}",
    "daemons": "守护进程出现 {count} 个问题",
    "recovereds": "{count} 项已恢复：{names}",
    "tests": "{count} 条测试消息",
    "wases": "{count} 项曾出现故障，现已恢复：{names}",
    "and_more": "{names} 等，另有 {count} 个",
    "since": "开始时间：{when}",
    "lasts": "开始时间：{when}，已持续 {duration}",
    "ended": "持续 {duration}：{began} 至 {ended}",
    "reminder": "故障仍在持续",
    "often": "自上次消息以来共 {count} 次",
    "output": "{channel} 最后几行：",
    "more": "……另有 {count} 项",
    "where": "主机 {host}，守护进程 {identifier}",
    "held": "因{why}延后发送",
    "left_out": "另有 {count} 项未列出",
    "comma": "、",
    "semicolon": "；",
    "quiet hours": "免打扰时段",
    "the limit of messages": "消息数量限制",
    "a receiver that could not be reached": "接收方无法连接",
    "days": "{0} 天 {1} 小时",
    "hours": "{0} 小时 {1} 分",
    "minutes": "{0} 分 {1} 秒",
    "seconds": "{0} 秒",
    "status": "退出状态 {status}，运行了 {ran}",
    "signal": "被信号 {signal} 终止，运行了 {ran}",
    "core": "，已生成 core 文件",
    "error": "无法启动：{error}",
    "unseen": "已结束，原因未知",
    "before": "一小时内此前还发生过 {before} 次",
    "restart_in": "将在 {restart_in} 后重新启动",
    "restarts": "{window} 内重启 {restarts} 次",
    "tries": "已尝试启动 {tries} 次",
    "answer": "最近一次检查结果：{answer}",
    "reason": "原因：{reason}",
}
_TABLES: dict[str, Mapping[str, str]] = {"en": _EN, "zh": _ZH}


def words(language: str) -> Mapping[str, str]:
    """The table of a language; English where it is not known."""
    return _TABLES.get(language, _EN)


def headline(table: Mapping[str, str], kind: EdgeKind, name: str) -> str:
    """What is the matter with one."""
    return table[kind.value].format(name=name)


def duration(table: Mapping[str, str], seconds: float) -> str:
    """`3 min 20 s`."""
    whole = max(0, round(seconds))
    for key, unit, part in (("days", 86400, 3600), ("hours", 3600, 60), ("minutes", 60, 1)):
        if whole >= unit:
            return table[key].format(whole // unit, whole % unit // part)
    return table["seconds"].format(whole)
