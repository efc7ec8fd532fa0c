// The sentences of a failure's story in Chinese, by their code (core/story.py). A test sees to it that none is missing.

const MEANINGS = {
  SIGSEGV: ["访问了不属于它的内存：程序本身或它使用的本地库有缺陷", "查找 core 文件（coredumpctl，或在这里设置 limit_core=unlimited），并看看最近更新了什么"],
  SIGABRT: ["程序因内部错误自行中止：断言失败，或申请不到内存", "最后几行输出通常会说明是哪个断言"],
  SIGBUS: ["它映射的文件被截短，或者磁盘、tmpfs 已满", "检查它所用磁盘和 /dev/shm 的剩余空间"],
  SIGILL: ["它的代码不适合这台机器的处理器，或者已损坏", "是否为其他处理器编译？请重新安装"],
  SIGFPE: ["除以零之类的错误：程序有缺陷", "查找 core 文件（limit_core=unlimited）"],
  SIGTERM: ["Vigil 之外有人让它结束：某个人、某个脚本，或正在关机的系统", "查明是谁发送的：部署和 cron 的日志、`last -x`、auditd"],
  SIGINT: ["有人向它发送了相当于 Ctrl-C 的信号", "是否有脚本或终端与它同在一个进程组？"],
  SIGHUP: ["它的终端断开了，或者有人让它重新读取配置，而它不支持", "是否有日志轮转向它发送 SIGHUP？请在那里改用它能处理的信号"],
  SIGQUIT: ["有人让它结束并生成 core 文件", "它自己的看门狗可能会这样做：查看它的日志"],
  SIGPIPE: ["它向对端已关闭的连接或管道写入，并且没有处理这种情况", "看看与它通信的另一方：那一方先结束了"],
  SIGXCPU: ["它用完了允许的处理器时间", "调高 limit_cpu，或查明它为什么占用处理器"],
  SIGXFSZ: ["它写入的文件达到了允许的大小", "调高 limit_fsize"],
  SIGSYS: ["它执行了被 seccomp 过滤器禁止的系统调用", "检查容器或 systemd 单元的 seccomp 配置"],
  SIGTRAP: ["它遇到了陷阱：调试器，或运行时的检查", "最后几行输出可能会说明原因"],
  SIGKILL: ["程序无法捕获此信号：可能是内核因内存不足将其杀死，也可能是有人或脚本执行了 kill -9", "确认是否内存不足：`journalctl -k | grep -i oom`，以及其 cgroup 的 memory.events"],
  out_of_memory: ["当时内核因内存不足杀死了进程：内核的 OOM 计数增加了", "给它更多内存，或减少其用量；查看它的内存曲线，以及当时还有哪些进程占用大量内存"],
  signal: ["程序没有处理的信号（{signal}）使其结束", "查明是谁发送的"],
  unseen: ["{text}", "它自己的日志可能有更多信息"],
  status: ["程序自定义的错误码", "它的文档或最后几行输出会说明含义"],
  missing: ["程序不存在，或不在所用的 PATH 中", "写出完整路径"],
  not_allowed: ["运行它的用户无权执行该文件，或无法进入其所在目录", "检查 user= 以及各级目录的权限"],
  not_started: ["它根本没有运行起来；上面的文字说明了在哪一步失败", "运行 vigil check 查看问题所在"],
  memory_max: ["它占用的内存超过了 memory_max，因此 Vigil 将其结束并重新启动", "查明是什么占用了内存，或调高 memory_max；on_memory_max=alert 则只发告警"],
  rule: ["它的一条规则被触发，因此 Vigil 将其结束并重新启动", "查看当时规则所涉及的指标，或让规则等待更多周期"],
  unhealthy: ["它的健康检查失败，因此 Vigil 将其结束并重新启动", "手动执行一次 healthcheck 所做的检查；on_unhealthy=alert 则只发告警"],
  watchdog: ["它没有按时报告自己仍在工作，因此 Vigil 将其结束并重新启动", "最后几行输出或 core 文件会说明它当时在做什么；watchdog_secs 是允许的时间"],
  not_ready: ["它没有按时就绪，因此 Vigil 将其结束：启动失败", "最后几行输出会说明它进行到哪一步；readiness 是所做的检查，readiness_timeout 是允许的时间"],
  monitor: ["一个监控项的规则被触发，因此 Vigil 将其结束并重新启动", "查看该监控项看到了什么：vigil monitors，以及加上其名称的 vigil history"],
  status_0: ["它报告一切正常，但它本应继续运行", "如果它会转入后台，请设置 forking=true 或让它留在前台；如果它是执行完即结束的任务，请设置 autorestart=unexpected 和 startsecs=0"],
  status_1: ["一般错误，具体含义由程序自定", "最后几行输出通常会说明原因"],
  status_2: ["通常是参数错误，或程序的配置有误", "以同一用户手动运行它的命令，并对照文档检查参数"],
  status_78: ["约定俗成的“配置错误”退出码", "让程序检查自己的配置文件"],
  status_126: ["shell 找到了命令，但无权执行", "检查权限：chmod +x、noexec 挂载"],
  status_127: ["shell 找不到该命令", "写出完整路径；这里的 PATH 是守护进程的，而不是你登录时的"],
  status_255: ["一般错误；ssh 无法连接时也会这样", "最后几行输出通常会说明原因"],
};

const SENTENCES = {
  failed: "{name} 于 {at} 发生故障，距今 {ago}。",
  not_started: "无法启动：{text}",
  ended: "运行 {ran}后结束：{end}{quick}；PID 为 {pid}。",
  first: "这是历史记录中的第一次故障。",
  before: "此前发生过 {count} 次故障（最近 24 小时 {lately} 次，其中相同方式共 {same} 次），最早一次在 {at}。",
  restarted: "Vigil 于 {at} 重新启动了它。",
  started: "于 {at} 被启动{by}。",
  running: "自 {at} 起处于运行中。",
  gave_up: "Vigil 于 {at} 放弃启动（致命错误）：只有你才能再次启动它。",
  stopped: "于 {at} 被停止。",
  flapping: "Vigil 于 {at} 发现它反复退出（{text}）。",
  ended_unseen: "{text}。",
  nothing: "暂无：它不会自动重启，或正在等待下一次尝试。",
  no_output: "没有保留任何输出：它什么也没写，或没有写入 Vigil 的日志文件",
  by_hand: "它很快就结束了：以它的用户、在它的目录下手动运行命令，看看输出了什么",
  start_it: "问题修正后执行：supervisorctl start {name}",
  look: "全部经过：vigil history {name}；输出：supervisorctl tail {name} stderr",
};

// The words for that code with {places}, or nothing.
export function storyWords(code) {
  const [part, explained] = code.split(".");
  if (!explained) return SENTENCES[code];
  return MEANINGS[explained]?.[part === "meaning" ? 0 : 1];
}
