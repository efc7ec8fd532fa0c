// Sentences that the daemon says in English, and keeps in its history, in Chinese. $1 is what stands there, @1 the same in
// Chinese. Whatever is known here by no pattern stays as it is: names, and what programs wrote.

const SPAN = "(\\d[\\d.]* (?:s|min|h|days?)|\\S+ s)";
const UNITS = { s: "秒", min: "分钟", h: "小时", day: "天", days: "天" };

const WORDS = {
  NO_FILE: "没有该文件", NOT_EXECUTABLE: "不可执行", ABNORMAL_TERMINATION: "没有运行起来", SPAWN_ERROR: "无法启动", ALREADY_STARTED: "已经在运行",
  NOT_RUNNING: "没有在运行", BAD_NAME: "没有这个名称", BAD_SIGNAL: "没有这个信号", FAILED: "失败", SHUTDOWN_STATE: "守护进程正在结束",
  CANT_REREAD: "配置有错误", STILL_RUNNING: "仍在运行", ALREADY_ADDED: "已存在",
  viewer: "只读", operator: "操作员", admin: "管理员", FATAL: "致命错误", STOPPED: "已停止", EXITED: "已退出", UNKNOWN: "未知", failed: "失败",
  cpu: "CPU", memory: "内存", "memory available": "可用内存", swap: "交换区", space: "空间", "space free": "剩余空间", inodes: "inode", "inodes free": "剩余 inode",
  uptime: "运行时间", processes: "进程数", "open files": "打开的文件", files: "打开的文件", threads: "线程数", restarts: "重启次数", size: "大小", age: "距上次修改",
  mode: "权限", owner: "所有者", matches: "匹配行数", entries: "条目数", oldest: "最旧文件", "response time": "响应时间", status: "状态码",
  "certificate days": "证书剩余天数", "certificate valid": "证书有效", duration: "耗时", link: "链路", running: "运行中", exists: "存在", mounted: "已挂载",
  "read only": "只读", errors: "错误包", drops: "丢包", saturation: "占用率", "receive rate": "接收速率", "send rate": "发送速率", "read rate": "读取速率",
  "write rate": "写入速率", children: "子进程数", checksum: "校验和", content: "内容", flags: "挂载选项", kind: "类型", device: "设备", pid: "PID",
  "cpu user": "CPU 用户态", "cpu system": "CPU 内核态", "cpu iowait": "CPU 等待 IO", "cpu steal": "CPU 被占用", "certificate expires": "证书到期",
  busy: "繁忙率", "service time": "平均服务时间", "read operations": "读操作速率", "write operations": "写操作速率", received: "已接收", sent: "已发送",
  "received in hour": "一小时内接收", "sent in hour": "一小时内发送", "packets received in hour": "一小时内接收的包", "packets sent in hour": "一小时内发送的包",
  "receive packets": "接收包速率", "send packets": "发送包速率", "full duplex": "全双工", speed: "链路速度", zombie: "僵尸进程", ppid: "父进程 PID", output: "输出",
};

// Names of metrics, as rules say them.
const METRIC = `(${[...Object.keys(WORDS).filter((word) => /^[a-z]/.test(word) && word !== "failed"), "load\\d+(?: per core)?", "own \\w+"].join("|")})`;

const PATTERNS = [
  // Why a process could not be started, or is not expected to have ended.
  ["Exited too quickly \\(process log may have details\\)", "退出过快（详见进程日志）"],
  ["Bad exit code unknown", "退出码未知"],
  ["Bad exit code -1", "被信号终止"],
  ["Bad exit code (\\d+)", "退出码 $1，不在预期之内"],
  ["can't find command '(.*)'", "找不到命令 '$1'"],
  ["command at '(.*)' is not executable", "'$1' 不可执行"],
  ["did not put itself in the background within (\\S+) seconds; if it stays in the foreground, drop forking=true", "$1 秒内没有转入后台；如果它留在前台运行，请去掉 forking=true"],
  ["not ready within (\\S+) seconds \\((.*?): (.*)\\)", "$1 秒内未就绪（$2：@3）"],
  ["Exited before it was ready \\((.*)\\)", "就绪之前就已退出（$1）"],
  ["the launcher was killed before it put anything in the background \\(process log may have details\\)", "启动器在转入后台之前被杀死（详见进程日志）"],
  ["the launcher exited with status (\\S+) before it put anything in the background \\(process log may have details\\)", "启动器在转入后台之前以退出码 $1 退出（详见进程日志）"],
  ["Flapping: restarted (\\d+) times in (\\d+) seconds \\(process log may have details\\)", "反复退出：$2 秒内重启 $1 次（详见进程日志）"],
  ["couldn't read envfile (.*)", "无法读取环境变量文件 $1"],
  ["couldn't chdir to (.*): (\\w+)", "无法进入目录 $1：$2"],
  ["couldn't setuid to (.*): (\\w+)", "无法切换到用户 $1：$2"],
  ["couldn't exec (.*?): (.*)", "无法执行 $1：$2"],
  ["couldn't prepare the child", "无法准备子进程"],
  ["couldn't (.*): (\\w+) \\((.*)\\)", "无法完成（$1）：$2（@3）"],
  ["too many open files to spawn '(.*)'", "打开的文件过多，无法启动 '$1'"],
  ["Too many processes in process table to spawn '(.*)'", "进程数过多，无法启动 '$1'"],
  ["unknown error (?:during fork|making dispatchers) for '(.*)': (.*)", "启动 '$1' 时发生未知错误：$2"],
  ["unknown error \\(try \"tail (.*)\"\\)", "未知错误（可查看 $1 的日志）"],
  // Why Vigil ended it.
  ["unhealthy: (.*)", "不健康：@1"],
  ["memory_max: (.*)", "内存超限：$1"],
  ["rule: (.*)", "规则：@1"],
  ["watchdog: (.*)", "看门狗：@1"],
  // Answers of probes and checks.
  ["connected", "已连接"],
  ["connection refused", "连接被拒绝"],
  ["connection reset by peer", "连接被对方重置"],
  ["no route to host", "没有到主机的路由"],
  ["network is unreachable", "网络不可达"],
  ["no such file or directory", "文件或目录不存在"],
  ["permission denied", "权限不足"],
  ["operation not permitted", "操作不被允许"],
  ["(?:connection )?timed out", "超时"],
  ["name or service not known", "无法解析主机名"],
  ["temporary failure in name resolution", "暂时无法解析主机名"],
  ["no answer", "无应答"],
  ["no answer within (\\S+) seconds", "$1 秒内无应答"],
  ["no answer from (\\S+) within (\\S+) s", "$1 在 $2 秒内无应答"],
  ["no answer to (\\d+) pings within (\\S+) s", "$2 秒内对 $1 次 ping 无应答"],
  ["HTTP status (\\d+)", "HTTP 状态码 $1"],
  ["(HTTP \\d+), but nothing in the body matches (.*)", "$1，但内容中没有与 $2 匹配的部分"],
  ["nothing in the body matches (.*)", "内容中没有与 $1 匹配的部分"],
  ["the answer does not match (.*?): (.*)", "应答与 $1 不匹配：@2"],
  ["nothing", "无内容"],
  ["the certificate cannot be verified: (.*)", "证书无法验证：$1"],
  ["exit status (\\d+)", "退出码 $1"],
  ["exit status (\\d+): (.*)", "退出码 $1：$2"],
  ["killed by signal (\\d+)", "被信号 $1 终止"],
  ["killed by signal (\\d+): (.*)", "被信号 $1 终止：$2"],
  ["killed by (SIG\\w+)", "被 $1 终止"],
  ["killed by (SIG\\w+), core dumped", "被 $1 终止，已生成 core 文件"],
  ["terminated by (SIG\\w+)", "被 $1 终止"],
  ["terminated by (SIG\\w+) \\(core dumped\\)", "被 $1 终止（已生成 core 文件）"],
  ["the monitor process ended.*", "监控进程已结束"],
  // Rules.
  ["failed: (.*)", "失败：@1"],
  ["not failed", "正常"],
  ["(.+) for (\\d+) of (\\d+) cycles", "@1（$3 个周期中有 $2 个）"],
  ["(.+) for (\\d+) cycles", "@1（连续 $2 个周期）"],
  [`(.+[<>=] .+) for ${SPAN}`, "@1（持续 @2）"],
  [`${METRIC} changed to (.*)`, "@1 变为 $2"],
  [`${METRIC} (\\S.*) (<|>|<=|>=|==|!=|matches|not matches) (.+)`, "@1 $2 $3 $4"],
  [`${METRIC} (\\d[\\d.]*(?:%| ?[KMGT]?B(?:/s)?| s| min| h| days)?)`, "@1 $2"],
  [`${METRIC} unknown`, "@1 未知"],
  [`not ${METRIC}`, "不是“@1”"],
  // Flapping, and what is over.
  ["(\\d+) restarts within (\\d+) seconds", "$2 秒内重启 $1 次"],
  ["quiet", "已稳定运行一段时间"],
  ["started", "有人启动了它"],
  ["stopped", "有人停止了它"],
  ["ended", "它已结束，不再重启"],
  // What it waits for.
  ["waiting for its turn", "等待轮到它"],
  ["waiting for (\\S+): (.*)", "等待 $1：@2"],
  ["waiting for (\\S+)", "等待 $1"],
  ["not configured", "未配置"],
  ["ended by a signal", "被信号终止"],
  ["exited with status (\\S+)", "退出码 $1"],
  ["left behind: (\\d+) process(?:es)? \\((.*)\\)(?:; .*)?", "遗留进程 $1 个（$2）"],
  ["Not started: stopped by an operator on .*, remembered", "尚未启动：曾被人工停止，已记住"],
  // Schedules.
  ["(\\S+) still runs: its run of (.*) is skipped", "$1 仍在运行：跳过 $2 的运行"],
  ["(\\S+) still runs, and another run waits already: its run of (.*) is skipped", "$1 仍在运行，且已有一次运行在等待：跳过 $2 的运行"],
  ["(\\S+) missed (.*), as no daemon ran; it runs once now", "没有守护进程运行，$1 错过了@2；现在补运行一次"],
  ["(\\S+) missed (.*), as no daemon ran; that is not made up for \\(schedule_missed=skip\\)", "没有守护进程运行，$1 错过了@2；不会补运行（schedule_missed=skip）"],
  ["the run of (.*) of (.*) could not begin: (.*)", "$1 于 $2 的运行无法开始：@3"],
  ["the run of ([^:]*:\\S+|[\\d-]+ .*)", " $1 的运行"],
  ["(\\d+)( or more)? runs from (.*) to (.*)", " $3 至 $4 的 $1 次运行"],
  ["(\\S+) runs as its schedule says", "$1 已按计划运行"],
  ["already started", "已经在运行"],
  ["still stopping", "仍在停止中"],
  ["not running", "没有在运行"],
  ["in an unknown process state", "状态未知"],
  ["the daemon is going down, or the process has left the configuration", "守护进程正在结束，或该进程已从配置中移除"],
  // The daemon.
  ["the daemon before this one was killed, or crashed", "上一个守护进程被杀死或崩溃"],
  ["in place of Vigil (\\S+)", "取代 Vigil $1"],
  ["received (SIG\\w+)", "收到 $1"],
  ["shutdown", "关闭"],
  ["restarting", "重启"],
  ["a defect ended the daemon; what it runs goes on", "缺陷导致守护进程结束；它所运行的程序继续运行"],
  ["it ended while no daemon ran; (.*)", "在没有守护进程时结束；@1"],
  ["what it wrote was kept by the service manager, and is in its log", "它的输出由服务管理器保留，已写入日志"],
  ["the last it wrote, at most one pipe full, may be missing in its log", "它最后写出的内容（至多一个管道的容量）可能不在日志中"],
  ["nobody saw how: .*", "没有记录到它如何结束：它结束时不是此守护进程的子进程，且内核不提供此信息（Linux 6.15 起提供）"],
  ["nobody saw how it ended", "没有记录到它如何结束"],
  ["the journal cannot be written: the log says why", "无法写入运行记录，原因见日志"],
  ["no runtime directory: (.*)", "没有运行时目录：$1"],
  // What people are told of.
  ["(.*) \\(and (\\d+) more\\)", "@1（另有 $2 条）"],
  ["(.*) \\(so ended (?:once|(\\d+) times) before, within the hour\\)", "@1（一小时内此前也这样结束过）"],
  ["(.*); it is not started again", "@1；不再启动"],
  ["(.*); it is started again", "@1；正在重新启动"],
  [`(.*); it is started again in ${SPAN}`, "@1；@2 后重新启动"],
  ["(\\S+) is given up \\(FATAL\\)(?: after (\\d+) tries)?: (.*?)(?:; the last time it (.*))?", "$1 已放弃启动（致命错误）：@3"],
  [`(\\S+) was ended after ${SPAN}: (.*)`, "$1 运行 @2 后被结束：@3"],
  [`(?:(\\S+) )?was killed by (SIG\\w+) after ${SPAN}(?:, and left a core)?`, "$1 运行 @3 后被 $2 终止"],
  [`(?:(\\S+) )?exited with status (\\d+) after ${SPAN}(?:, before it was up)?`, "$1 运行 @3 后退出，退出码 $2"],
  ["(\\S+) cannot be started: (.*)", "$1 无法启动：@2"],
  ["(\\S+) ended, and nobody saw how", "$1 已结束，原因未知"],
  ["(\\S+) flaps: (\\d+) restarts within (\\d+) seconds.*; it is given up", "$1 反复退出：$3 秒内重启 $2 次；已放弃"],
  ["(\\S+) flaps: (\\d+) restarts within (\\d+) seconds.*; it is restarted later and later", "$1 反复退出：$3 秒内重启 $2 次；重启间隔将越来越长"],
  ["(\\S+) does not flap any more", "$1 不再反复退出"],
  ["(\\S+) is unhealthy: (\\d+) checks failed in a row, the last: (.*)", "$1 不健康：连续 $2 次检查失败，最近一次：@3"],
  ["(\\S+) is healthy again: (.*)", "$1 已恢复健康：@2"],
  [`(\\S+) is (?:up|ready) again, after ${SPAN}`, "$1 已恢复，历时 @2"],
  ["(\\S+) has ended as it should", "$1 已正常结束"],
  ["(\\S+) does not run any more", "$1 不再运行"],
  ["event listener (\\S+) takes events again", "事件监听器 $1 已恢复接收事件"],
  ["the daemon ended", "守护进程已结束"],
  ["the alert deliverer does not run(?:: (.*))?", "告警发送进程没有运行"],
  ["too many tests at once; try again in a moment", "同时进行的测试过多，请稍后再试"],
  ["(\\S+) did not answer within (\\S+) s", "$1 在 $2 秒内无应答"],
  ["(\\S+) (delivered|failed|refused)(?:: (.*))?", "$1 @2 @3"],
  ["delivered", "已送达"],
  ["refused", "被拒绝"],
  ["HTTP status (\\d+): (.*)", "HTTP 状态码 $1：$2"],
  ["(\\S+) is paused", "$1 已暂停"],
  // Logs and orders.
  ["there is no log file yet, or none is configured", "还没有日志文件，或没有配置日志文件"],
  ["cannot open the log: (.*)", "无法打开日志：$1"],
  ["the log is no regular file", "日志不是普通文件"],
  ["cannot signal (\\S+): the log says why", "无法向 $1 发送信号，原因见日志"],
  ["(\\S+) is in an unknown process state", "$1 状态未知"],
  ["(\\d+) operations are under way already", "已有 $1 个操作正在进行"],
  ["this daemon keeps no history: .*", "此守护进程不保留历史记录：[supervisord] 中 history=false"],
  ["(NO_FILE|NOT_EXECUTABLE|ABNORMAL_TERMINATION|SPAWN_ERROR|ALREADY_STARTED|NOT_RUNNING|BAD_NAME|BAD_SIGNAL|FAILED|SHUTDOWN_STATE|CANT_REREAD|STILL_RUNNING|ALREADY_ADDED)(?:: (.*))?", "@1：@2"],
  // Forwards.
  ["([^\\s:]*:\\d+|/\\S*): (.*)", "$1：@2"],
  ["(\\S+): it was taken \\((.*)\\)", "$1：已接收（$2）"],
  ["it closed the connection", "对方关闭了连接"],
  ["it took nothing in for (\\S+) s, or cannot be reached", "$1 秒内没有接收任何内容，或无法到达"],
  ["it did not take (\\d+) of (\\d+) lines: (.*)", "$2 行中有 $1 行未被接收：$3"],
  ["it wants to redirect us \\((.*)\\), which is not followed: write the final address", "对方要求重定向（@1），不会跟随：请填写最终地址"],
  ["the forwarder does not run", "转发进程未运行"],
  ["the forwarder does not run: (.*)", "转发进程未运行：@1"],
  ["the forwarder died meanwhile", "转发进程在此期间退出"],
  ["not allowed: \\w+ is not about (.*) alone, as (.*) is", "$2 只能查看 $1，而这里涉及全部程序"],
  ["not allowed: (.*) is for (.*) and not for (.*)", "$1 只能查看 $2，不包括 $3"],
  ["not allowed: .* needs the role (\\w+), and .*", "需要的角色：@1"],
  // Spans of time.
  ["([\\d.]+) (s|min|h|days?)", (found) => `${found[1]} ${UNITS[found[2]]}`],
  ["([a-z ]+) percent", "@1占比"],
  ["([^\\s:]+): (.+)", "$1: @2"],
].map(([pattern, text]) => [new RegExp(`^${pattern}$`, "is"), text]);


const known = new Map(); // the same sentences come again and again
const MOST_KNOWN = 2000;

export function inChinese(text, depth = 0) {
  if (!text || depth > 4) return text || "";
  if (known.has(text)) return known.get(text);
  const said = WORDS[text] || found(text, depth);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, said);
  return said;
}

function found(text, depth) {
  for (const [pattern, words] of PATTERNS) {
    const match = pattern.exec(text);
    if (!match) continue;
    if (typeof words === "function") return words(match);
    return words.replace(/([$@])(\d)/g, (_, sign, group) => (sign === "@" ? inChinese(match[group], depth + 1) : match[group] || "")).trim().replace(/：$/, "");
  }
  return text;
}
