"""What each section and option is for, in words. Only the reference in the docs and `vigil` help read this;
the daemon never imports it. The keys are those of `options.SECTIONS`, which a test holds it to.
"""

SECTION_DOCS: dict[str, str] = {
    "supervisord": "The daemon itself. Flags of the `supervisord` command win over these options.",
    "unix_http_server": "A door for clients on a unix socket. There may be several, named `[unix_http_server:NAME]`.",
    "inet_http_server": "A door for clients on TCP. There may be several, named `[inet_http_server:NAME]`. "
    "Who can talk to it can run commands as the daemon's user: keep it on 127.0.0.1 or give it a password.",
    "user": "Somebody who may come through the TCP ports, and be asked for by them. In force with the next `reread`.",
    "supervisorctl": "Where and how the client `supervisorctl` connects. The client reads no other section but "
    "`[ctlplugin:NAME]`, and follows no `[include]`.",
    "program": "A program and how to run it. `[program:web]` alone makes a group `web`; a `[group:NAME]` can take it in.",
    "fcgi-program": "A FastCGI program: the daemon opens its listening socket and hands it to every process as "
    "descriptor 0. All options of `[program:NAME]` hold as well. In a `[group:NAME]` it gets no socket.",
    "eventlistener": "A program that is told of events on its stdin and answers on its stdout. All options of "
    "`[program:NAME]` hold but for `redirect_stderr`, `log_format`, `log_prefix`, `log_timestamps`, `forking`, `pidfile` and those of readiness and health.",
    "group": "Programs that are started, stopped and named together; a program in a group is no group of its own.",
    "alert": "Who is told when something breaks, and where; see [how](../how-to/alerts.md). Changes take effect at a "
    "reread (`supervisorctl reread`) and restart no program.",
    "monitor": "Something beyond programs that is looked at: the machine, a filesystem, a file, a server, a process that Vigil did "
    "not start. [Monitors](../how-to/monitors.md) shows each type, [metrics of monitors](monitors.md) what rules can ask. "
    "Takes effect when the configuration is read again (`reread`).",
    "forward": "Where programs' output goes besides their logs: syslog, journald, Loki, an OpenTelemetry collector; see "
    "[how](../how-to/logs-out.md). Changes take effect at a reread (`supervisorctl reread`) and restart no program.",
    "include": "Further files, read as if they stood at the end of this one. Files they include are not read.",
    "rpcinterface": "A namespace of XML-RPC methods. `[rpcinterface:supervisor]` is the one that clients need. "
    "Keys other than the factory are handed to it.",
    "ctlplugin": "Further actions for `supervisorctl`. Keys other than the factory are handed to it.",
}

_STREAM_DOCS = {
    "{0}_logfile": "Where {0} goes: a file, `NONE` for nowhere, or `AUTO` for a file in `childlogdir` that is removed "
    "when the daemon starts anew. The directory has to exist. Something that is no file, such as `/dev/stdout`, is "
    "written and never rotated.",
    "{0}_logfile_maxbytes": "The size at which the {0} log is rotated; 0 turns rotation off.",
    "{0}_logfile_backups": "How many rotated {0} logs are kept; with 0 the file is emptied at `{0}_logfile_maxbytes`.",
    "{0}_capture_maxbytes": "How many bytes between the tags `<!--XSUPERVISOR:BEGIN-->` and `<!--XSUPERVISOR:END-->` "
    "are kept to be sent as a PROCESS_COMMUNICATION event; 0 turns capturing off.",
    "{0}_events_enabled": "Send a PROCESS_LOG event for what the program writes on {0}, while no capture is going on.",
    "{0}_syslog": "Send each line of {0} to syslog too, with the process's name before it.",
}

_LIMITED = {
    "as": "The address space of each process, in bytes (`RLIMIT_AS`).",
    "core": "The size of a core file, in bytes (`RLIMIT_CORE`); 0 for none.",
    "cpu": "CPU time of each process, in seconds or with a unit (`RLIMIT_CPU`): SIGXCPU at the soft limit, SIGKILL at the hard one.",
    "data": "The heap and private memory of each process, in bytes (`RLIMIT_DATA`).",
    "fsize": "The size of a file that it writes, in bytes (`RLIMIT_FSIZE`).",
    "locks": "File locks (`RLIMIT_LOCKS`); no Linux since 2.4.25 looks at it.",
    "memlock": "Memory that may be locked, in bytes (`RLIMIT_MEMLOCK`).",
    "msgqueue": "Bytes in POSIX message queues of its user (`RLIMIT_MSGQUEUE`).",
    "nice": "How far it may raise its own priority (`RLIMIT_NICE`): a nice value with its sign, such as `-5`, or 20 minus it.",
    "nofile": "Open files of each process (`RLIMIT_NOFILE`).",
    "nproc": "Processes and threads of its **user**, whoever started them (`RLIMIT_NPROC`); root is not held to it.",
    "rss": "Resident memory (`RLIMIT_RSS`); no Linux since 2.4.30 looks at it.",
    "rtprio": "The real-time priority it may take (`RLIMIT_RTPRIO`).",
    "rttime": "CPU time without a pause under real-time scheduling, in microseconds or with a unit (`RLIMIT_RTTIME`).",
    "sigpending": "Signals that may be queued for its user (`RLIMIT_SIGPENDING`).",
    "stack": "The stack of each process, in bytes (`RLIMIT_STACK`).",
}

_IDENTITY_DOCS = {
    **{
        f"limit_{name}": f"{text} `N` sets soft and hard limit, `SOFT:HARD` both, `unlimited` lifts it. "
        "By default as the daemon's."
        for name, text in _LIMITED.items()
    },
    "nice": "The nice value, from -20 (served first) to 19. By default as the daemon's.",
    "ionice": "Class and level of its disk access: `idle`, `best-effort:0` to `best-effort:7`, `realtime:0` to "
    "`realtime:7`, or `none` for what follows from the nice value. By default as the daemon's.",
    "oom_score_adj": "From -1000 (never) to 1000: how readily the kernel ends the program when memory is short. "
    "By default as the daemon's.",
    "cpu_affinity": "The CPUs it may run on, such as `0-3,7`; `%(process_num)d` gives each process one of its own. "
    "By default as the daemon's.",
    "group": "The primary group, by name or number. By default the user's. Needs a daemon that runs as root.",
    "supplementary_groups": "Its further groups, by name or number, with commas between; nothing means none. By default those "
    "that the user database gives to `user`. Needs a daemon that runs as root.",
    "inherit_environment": "Begin with the daemon's own environment. With `false` the program has what the configuration "
    "and `envfile` set, and nothing else: no `PATH` either.",
    "unset_environment": "Variables that are not inherited from the daemon and `[supervisord]`, with commas between; `*` and "
    "`?` are patterns. What `envfile` and `environment` set stays.",
    "set_user_environment": "Set `HOME`, `USER` and `LOGNAME` to those of the account the program runs as.",
    "envfile": "Files of `NAME=value` lines in dotenv syntax, with commas or line ends between; a `-` before a path "
    "says that the file may be missing. Read anew at each start, by the daemon and with its rights. "
    "They come above what is inherited and below `environment`; of several files the last wins.",
}

_HEALTH_DOCS = {
    "readiness": "How the program says that it is ready: `notify` (systemd's protocol), `http://…`, `https://…`, "
    "`tcp://HOST:PORT`, `unix:///PATH`, `exec:COMMAND` or `log:REGEX`. With it STARTING becomes RUNNING when the program "
    "is ready, and `startsecs` means nothing. See [how](../how-to/health.md). By default nobody asks.",
    "readiness_timeout": "How many seconds it has to become ready; after that it is stopped, and its start has failed.",
    "watchdog_secs": "How long a program may be without sending `WATCHDOG=1` over systemd's protocol before it is ended "
    "with SIGABRT and started again; it finds the time in `WATCHDOG_USEC`. With 0 nobody watches.",
    "healthcheck": "How a RUNNING program is asked whether it works: as `readiness`, but for `notify`. `log:REGEX` "
    "wants a line that matches in each `healthcheck_interval`. By default nobody asks.",
    "healthcheck_interval": "How many seconds pass from one check to the next.",
    "healthcheck_timeout": "How many seconds a check may take; one that takes longer has failed.",
    "healthcheck_retries": "How many checks in a row have to fail for the program to be unhealthy.",
    "healthcheck_start_period": "For how many seconds after it became RUNNING a failed check does not count, unless one "
    "has succeeded before.",
    "healthcheck_expect_status": "Which HTTP statuses are a success, with commas between: `200-399`, `200,204`.",
    "healthcheck_expect_body": "A regular expression that has to be found in the first 64 KiB of the HTTP response.",
    "on_unhealthy": "What follows when the program becomes unhealthy, with commas between: `alert` (the log and the event "
    "PROCESS_HEALTH_UNHEALTHY, which come in any case), `restart`, `exec:COMMAND` (last; all that follows is the command).",
}

_RULE_DOCS = {
    "memory_max": "How much resident memory (RSS) the program may take, with all that descends from it: bytes, or with KB, MB "
    "or GB. It is measured every five seconds; `on_memory_max` says what follows. Shared pages count once for each "
    "process that has them: for many workers with much in common write a rule about `pss` instead. By default there "
    "is no bound.",
    "on_memory_max": "What follows when it takes more: `restart` ends it with `stopsignal` and starts it again; `alert` only "
    "tells, which `restart` does as well.",
    "rules": "What is to be done when its resources are not as they should be, one rule a line: "
    "`if cpu > 90% for 5 of 6 cycles then restart`. See [rules](rules.md).",
}

_SCHEDULE_DOCS = {
    "schedule": "When the program is started: five fields as in cron (minute, hour, day of the month, month, day of the week), or "
    "`@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. With it `autostart`, `autorestart` and `startsecs` are by "
    "default `false`, `false` and `0`. See [schedules](../how-to/schedules.md).",
    "schedule_timezone": "The time zone that `schedule` is in, such as `Europe/Berlin` or `UTC`. By default that of the machine.",
    "schedule_overlap": "What follows when a run is due while the one before still runs: `skip` it, `queue` it until that has "
    "ended (one at most waits), or `restart`: stop that and begin.",
    "schedule_missed": "What follows when runs were due while no daemon ran: `skip` them, or make up for all of them by running "
    "`once`.",
    "schedule_jitter_seconds": "A run begins up to so many seconds after it is due, so that many machines do not begin at "
    "the same moment. How many, is always the same for the same program and time.",
}

_PROGRAM_DOCS = {
    **_HEALTH_DOCS,
    **_RULE_DOCS,
    **_SCHEDULE_DOCS,
    "command": "The program and its arguments. Split as a shell splits words, but run without a shell: no pipes, "
    "no variables but `%(ENV_X)s`. It has to stay in the foreground. A name without a slash is looked up on `PATH`.",
    "process_name": "The name of each process. With `numprocs` above 1 it has to hold `%(process_num)`.",
    "numprocs": "How many processes of the program run.",
    "numprocs_start": "The `process_num` of the first of them.",
    "priority": "Lower starts earlier and stops later. Event listeners come before everything by default.",
    "autostart": "Start with the daemon.",
    "autorestart": "What happens when a process that was RUNNING exits: `true` starts it again, `false` does not, "
    "`unexpected` does where its exit code is not among `exitcodes`.",
    "startsecs": "For how many seconds a process has to stay up for its start to count; 0 takes any start.",
    "startretries": "How many failed starts in a row are tried again, each after one second more, before the "
    "process is FATAL. With -1 it is tried for ever, at most `restart_limit` apart.",
    "flapping": "More automatic restarts than this within this time are flapping: PROCESS_FLAPPING is sent, and "
    "`on_flapping` decides what follows. Times end with `s`, `m` or `h`. `off` for a program that ends and is "
    "started again on purpose. See [how a process lives](../explanation/processes.md#restarting-too-often).",
    "on_flapping": "`backoff`: the process is restarted after a delay that grows each time, until it has stayed up "
    "for the time in `flapping`. `fatal`: it is given up at once.",
    "restart_delay": "How long an automatic restart waits, after an exit as after a failed start. With 0 a "
    "restart comes at once after an exit, and after one second more each time a start fails.",
    "restart_factor": "By how much the delay grows with each restart in a row. A row ends when the process has "
    "stayed up for the time in `flapping`.",
    "restart_limit": "The longest that a delay grows to.",
    "exitcodes": "Exit codes that are expected of the program, with commas between.",
    "stopsignal": "The signal that asks it to stop, by name or number.",
    "stopwaitsecs": "How many seconds it has to stop before it is killed.",
    "stopasgroup": "Send the stop signal to the whole process group; `killasgroup` follows.",
    "killasgroup": "Kill the whole process group when it has not stopped in time. By default as `stopasgroup`.",
    "killmode": "Who gets the signals of a stop: the `process` (its group, where `stopasgroup` and `killasgroup` say so), "
    "its process `group`, or its whole `tree`: when the process has ended, by a stop or by itself, whatever it left behind "
    "gets the stop signal too, and SIGKILL after `stopwaitsecs`; until then it is neither STOPPED nor started anew.",
    "forking": "The program puts itself in the background. What it leaves there when it exits with 0 is then supervised as "
    "the process: signals, exit status, restarts. `startsecs` counts from there.",
    "pidfile": "Where a `forking` program writes the number of its process. Without it, that process is found by descent; with "
    "several that could be it, the pidfile decides. Relative to `directory`.",
    "essential": "The daemon ends with this program: when it comes to rest by itself (EXITED without a restart, or FATAL), "
    "everything else is stopped and the daemon exits with its exit status, 128 and the signal's number if a signal ended it, "
    "1 if there is no status.",
    "user": "The account the program runs as, by name or number. Needs a daemon that runs as root.",
    "umask": "The file mode mask of the program, in octal. By default the daemon's.",
    "directory": "The working directory of the program.",
    "environment": 'Variables for the program, as `KEY="value",OTHER="value"`. They come on top of the '
    "environment of the daemon and of `[supervisord]`. Given several times in one section, the entries are merged.",
    "serverurl": "What the program gets as `SUPERVISOR_SERVER_URL`; `AUTO` is the daemon's own socket or port.",
    "redirect_stderr": "Send stderr where stdout goes.",
    "log_format": "`json`: each line of the program's output becomes an object on a line of its log, "
    '`{"time":"2026-11-20T22:00:00.123+01:00","program":"web","stream":"stdout","message":"…"}`. A line of more than 64 KiB comes in '
    'parts, each but the last with `"partial":true`; see [how](../how-to/logs-out.md). syslog and events get the text.',
    "log_prefix": "Text put before every line of the program's output. May hold `%(program_name)s`, "
    "`%(process_name)s`, `%(group_name)s` and `%(process_num)d`. Put it in double quotes to keep the blank at its "
    'end: `log_prefix="%(program_name)s: "`.',
    "remember": "What an operator stopped stays stopped when the daemon or the machine is restarted, until an operator "
    "starts it; see [how](../how-to/remember.md). By default it starts again as `autostart` says.",
    "depends_on": "What has to be there before the program is spawned: `NAME` or `NAME:CONDITION`, with commas between. A name is "
    "a program, a group or `GROUP:PROCESS`; with several processes all of them count. Conditions: `started`, `running` (the "
    "default), `ready`, `healthy`, `completed` (has exited with one of its `exitcodes`). Until then the process is STARTING, and "
    "`status` says what it waits for; it stops before what it depends on. See [dependencies](../how-to/dependencies.md).",
    "restart_with_dependency": "Restart the program when something it depends on was started anew, by hand or after a crash, as soon "
    "as everything it depends on is as it has to be again.",
    "log_timestamps": "Put the local time with its offset (ISO 8601, milliseconds) before every line of the program's output.",
    **_IDENTITY_DOCS,
    **{
        key.format(channel): text.format(channel)
        for channel in ("stdout", "stderr")
        for key, text in _STREAM_DOCS.items()
    },
}

_NOT_FOR_LISTENERS = (
    "log_format",
    "log_prefix",
    "log_timestamps",
    "forking",
    "pidfile",
    *_HEALTH_DOCS,
    *_SCHEDULE_DOCS,
)

_CREDENTIAL_DOCS = {
    "username": "The name that clients have to give. Goes with `password`.",
    "password": "The password that clients have to give: clear text, `{SHA}` and the SHA-1 in hex, or `{scrypt}…`.",
}

OPTION_DOCS: dict[str, dict[str, str]] = {
    "supervisord": {
        "logfile": "The daemon's log. Its directory has to exist. Relative paths are from the working directory.",
        "logfile_maxbytes": "The size at which the log is rotated; 0 turns rotation off.",
        "logfile_backups": "How many rotated logs are kept.",
        "loglevel": "The least important kind of message that is logged: critical, error, warn, info, debug, trace "
        "or blather.",
        "pidfile": "The file that holds the daemon's process number while it runs.",
        "identifier": "A name for this daemon, told to clients and listeners.",
        "nodaemon": "Stay in the foreground.",
        "silent": "In the foreground, do not write the log to stdout as well.",
        "minfds": "How many open files the daemon must be allowed, or it does not start.",
        "minprocs": "How many processes the daemon's user must be allowed, or it does not start.",
        "umask": "The file mode mask of the daemon, in octal.",
        "user": "The account the daemon changes to when it is started by root.",
        "directory": "The directory that a daemon in the background changes to.",
        "childlogdir": "Where log files that are `AUTO` go. By default the temporary directory.",
        "nocleanup": "Keep the `AUTO` log files of earlier runs.",
        "state_dir": "Where is kept what has to outlast a reboot: the history, which programs an operator stopped "
        "(`remember`), alerts and output that no receiver has taken yet. Made when there is something to keep, for its owner only. By default what "
        "systemd says in `STATE_DIRECTORY`, else `/var/lib/vigil` for root, `$XDG_STATE_HOME/vigil` or `~/.local/state/vigil` for others.",
        "history": "Keep a history of what happens (`vigil history`, `vigil why`), in a file of `state_dir`.",
        "history_days": "How many days it goes back at most.",
        "history_maxbytes": "How large its file may become; the oldest goes first. At least 1MB.",
        "samples": "Measure what programs use (CPU, memory, threads, files, storage) from time to time, and keep it with the "
        "history. Rules, `memory_max` and `vigil top` get what they need in any case.",
        "sample_interval": "How often, in seconds, or with `s`, `m` or `h` after it, from 1s to 1h. More often where a rule, "
        "`memory_max` or somebody who watches needs it.",
        "strip_ansi": "Remove ANSI escape sequences from the programs' output.",
        "environment": 'Variables for the daemon\'s programs, as `KEY="value",OTHER="value"`; known as '
        "`%(ENV_KEY)s` in the whole file. They do not change the daemon's own environment.",
    },
    "unix_http_server": {
        "file": "The path of the socket.",
        "chmod": "Its mode in octal.",
        "chown": "Its owner: `user` or `user:group`.",
        **_CREDENTIAL_DOCS,
        "viewers": "Users and `@groups` of the system, with commas between, that may look. With one of `viewers`, "
        "`operators` and `admins` given, root and the daemon's own user are admins, and who is in no list may "
        "nothing; with none, whoever can connect is an admin.",
        "operators": "Those that may also start, stop and signal programs, and clear logs.",
        "admins": "Those that may everything.",
    },
    "inet_http_server": {
        "port": "`host:port`. A bare port, `:port` and `*:port` mean every address of the machine.",
        **_CREDENTIAL_DOCS,
        "allow_unauthenticated": "Let whoever reaches the port do everything, also where it is not on loopback. Without "
        "it a port that asks for no authentication and is not on loopback is for looking only.",
        "allowed_hosts": "Names, with commas between, under which browsers may reach this server: for a proxy in front, "
        "and for a port without authentication, which answers to addresses, localhost and the machine's name otherwise.",
        "trusted_proxies": "Addresses and networks, with commas between, of proxies in front of this port. Of these, and of nobody "
        "else, `X-Forwarded-For` is believed (its last address that is none of theirs is the client, in the history and where "
        "wrong passwords are counted), and `X-Forwarded-Proto` (`https` gives cookies that need TLS).",
        "certfile": "A PEM file with the server's certificate and those between it and its root. With it the port speaks "
        "TLS (1.2 or later) only. Read again when it changes.",
        "keyfile": "The PEM file with its key, if that is not in `certfile`; without a passphrase.",
        "client_ca_file": "A PEM file with the certificates that sign those of clients. The common name, or a subject "
        "alternative name, of a client's certificate is the NAME of its `[user:NAME]`.",
        "client_cert": "Whether a client needs a certificate: `required`, or `optional` (the default with `client_ca_file`), "
        "where a password or token will do, too.",
    },
    "user": {
        "password": "Clear text, `{SHA}` and the SHA-1 in hex, or `{scrypt}…` (`vigil user hash` makes one). Without it the "
        "user comes with a certificate.",
        "role": "`viewer` looks; `operator` also starts, stops and signals programs and clears logs; `admin` may everything.",
    },
    "supervisorctl": {
        "serverurl": "The daemon's address: `unix:///path`, `http://host:port` or `https://host:port`.",
        "token_file": "A file with an API token, in place of a name and a password. `VIGIL_TOKEN` and `VIGIL_TOKEN_FILE` in the "
        "environment come before it.",
        "ca_file": "For https: a PEM file with the certificates to believe, instead of the system's. `VIGIL_CA_FILE` comes before it.",
        "certfile": "For https: the client's own certificate, where the server wants one. `VIGIL_CERTFILE` comes before it.",
        "keyfile": "Its key, if that is not in `certfile`. `VIGIL_KEYFILE` comes before it.",
        "username": "The name to give to the server.",
        "password": "The password to give to the server, in clear text.",
        "prompt": "The prompt of the interactive shell.",
        "history_file": "A file that keeps the lines typed in the shell.",
    },
    "program": _PROGRAM_DOCS,
    "fcgi-program": {
        **_PROGRAM_DOCS,
        "socket": "The socket that the processes share: `tcp://host:port` or `unix:///absolute/path`. "
        "May hold `%(program_name)s`.",
        "socket_backlog": "How many connections may wait, from 1 to 65535.",
        "socket_mode": "The mode of a unix socket, in octal.",
        "socket_owner": "The owner of a unix socket: `user` or `user:group`. By default the account the program runs as.",
    },
    "eventlistener": {
        **{key: text for key, text in _PROGRAM_DOCS.items() if key not in _NOT_FOR_LISTENERS},
        "redirect_stderr": "Refused when true: stdout carries the protocol.",
        "events": "The event types the listener wants, with commas between; a type brings those below it.",
        "buffer_size": "How many events wait while the listener is busy; then the oldest is dropped.",
        "result_handler": "What judges the listener's answers, as `module:function`.",
        "length_in_characters": "Say `len` in the header in characters, as Supervisor does, not in bytes. For a listener "
        "that reads its stdin as text, `sys.stdin.read(int(headers['len']))`, and is sent more than ASCII: it would wait "
        "for bytes that it has already been given as characters.",
    },
    "group": {
        "programs": "The programs in it, with commas between.",
        "priority": "Lower starts earlier and stops later; the programs' own priorities count within the group.",
    },
    "alert": {
        "url": "Where messages go: one address or several, with blanks, commas or line ends between. `dingtalk://TOKEN?secret=SEC…`, "
        "`wecom://KEY`, `feishu://TOKEN?secret=…`, `lark://…`, `slack://…`, `telegram://BOTTOKEN/CHATID`, `smtp://…`, `smtps://…`, "
        "`sms+https://…`, `webhook+https://…` or `https://…`, `exec:COMMAND` (to the end of the line), `apprise+…`. It is secret: write "
        "`%(ENV_NAME)s`, or use `url_file`. A percent sign is written `%%`.",
        "url_file": "A file with addresses, one a line; lines that begin with `#` are comments. The deliverer alone reads it, "
        "again at each reread. An absolute path; `%(here)s/FILE` will do.",
        "events": "What is told, with commas or blanks between: `down`, `fatal`, `flapping`, `unhealthy`, `rule`, `monitor`, `listener`, "
        "`overflow`, `schedule`, `daemon`, `recovered`, and the severities `critical`, `warning` and `info`. `*` stands for any text; `!` before "
        "one excludes it. An end (`recovered`) is told of what was told to have begun.",
        "programs": "Names of programs and patterns of them (`web`, `web:*`, `*_worker`); one without a colon stands for a group, too. "
        "Where programs or monitors are named, the alert tells of nothing else.",
        "monitors": "Names of monitors and patterns of them.",
        "batch_seconds": "How long after the first news more are waited for, so that a machine that falls over sends one message. "
        "0 sends each at once. With s, m or h after it in other units; an hour at most.",
        "repeat_seconds": "How often a trouble that lasts is told again: a minute or more, such as `4h`; 0 for never.",
        "quiet_hours": "When nobody is to be disturbed: `22:00-07:00`, several with commas between, and after them perhaps a time zone: "
        "`22:00-07:00 Asia/Shanghai`. What happens then is told when they are over, in one message.",
        "quiet_pass": "What is told in quiet hours all the same: `critical`, `warning` (and what is critical) or `none`.",
        "max_per_hour": "How many messages an hour may bring, 1 to 3600. What is more is told together when the hour allows. 0 for no limit.",
        "output_lines": "How many of the last lines of output a message shows, 0 to 20. Mind what your programs write.",
        "language": "What messages are written in: `en` or `zh`.",
        "template": "The text of a message, in place of Vigil's own: `$title`, `$text`, `$host`, `$names` and others; see "
        "[how](../how-to/alerts.md).",
    },
    "monitor": {
        "type": "What is looked at: `system`, `filesystem`, `file`, `directory`, `host`, `program`, `network` or `process`. Needed.",
        "enabled": "Off: nothing is looked at until somebody says `vigil monitors --resume NAME`.",
        "interval": "How often it is looked at: the length of a *cycle*. At least 1 second.",
        "timeout": "How long one look may take; then it has failed.",
        "start_delay": "How long after the daemon's start it is looked at first.",
        "rules": "What is to be done when; each begins with `if`, on a line of its own ([rules](rules.md)). By default those of the "
        "type, which [metrics of monitors](monitors.md) lists.",
        "program": "The program (`NAME`, `GROUP:NAME` or `GROUP:*`) that `restart`, `start` and `stop` in the rules are about. A `restart` "
        "leaves it alone while it is STOPPED.",
        "depends_on": "Programs (`NAME`, `GROUP:NAME`, `GROUP:*`) and other monitors (`monitor:NAME`): while one of these is not RUNNING, is "
        "unhealthy or has not passed, this monitor is not judged, and nobody is told of it.",
        "active_times": "A cron expression, such as `* 8-19 * * 1-5`: it is judged only in minutes that this names, by the machine's time.",
        "paused_times": "A cron expression, such as `* 2-3 * * *`: it is not judged in minutes that this names.",
        "path": "For `filesystem`, `file`, `directory`: what is looked at; for a filesystem, its device will do.",
        "checksum": "For `file`: `md5`, `sha1`, `sha256` or `sha512`, to know by the metric `checksum` whether its content changed.",
        "content": "For `file`: a regular expression that is looked for in lines written since the last look.",
        "content_ignore": "For `file`: lines that match this do not count, though they match `content`.",
        "url": "For `host`: `http://HOST:PORT/PATH`, `https://…`, `tcp://HOST:PORT`, `tls://HOST:PORT`, `udp://HOST:PORT`, `unix:///PATH` or `ping://HOST`.",
        "expect_status": "For `host` over HTTP: which statuses will do, such as `200-399` (the default) or `200,401`.",
        "expect_body": "For `host` over HTTP: a regular expression that has to match within the first 64 KiB of the body.",
        "headers": "For `host` over HTTP: `Name: value`, one on each line.",
        "method": "For `host` over HTTP: `GET`, `HEAD`, `OPTIONS`, `POST` or `PUT`.",
        "tls_verify": "For `host` with TLS: whether a certificate that cannot be verified is a failure.",
        "tls_ca": "For `host` with TLS: a file of certificates to trust instead of the system's.",
        "send": "For `host` over `tcp://`, `tls://`, `udp://` or `unix://`: what is said, with `\\r \\n \\t \\0 \\xHH`.",
        "expect": "For the same: a regular expression that the answer has to match. Over `udp://` without it, silence will do, and only a refusal is a failure.",
        "command": "For `program`: what is run. No shell reads it.",
        "directory": "Where commands are run.",
        "environment": 'Variables for commands, as `KEY="value",OTHER="value"`.',
        "user": "Who commands are run as, where the daemon is root.",
        "interface": "For `network`: its name, such as `eth0`.",
        "pidfile": "For `process`: the file with its process id.",
        "pattern": "For `process`: a regular expression that is looked for in command lines; of several that match, the oldest is meant.",
        "start_command": "For `process`: what `start` in a rule runs.",
        "stop_command": "For `process`: what `stop` in a rule runs.",
        "restart_command": "For `process`: what `restart` in a rule runs. By default `stop_command`, then `start_command`.",
    },
    "forward": {
        "url": "Where output goes: `syslog:///dev/log?format=rfc3164`, `syslog+udp://HOST:514`, `syslog+tcp://HOST:601`, `syslog+tls://HOST:6514?ca=FILE`, "
        "`journald:`, `loki+https://USER:PASSWORD@HOST:3100?tenant=NAME`, `otlp+https://HOST:4318?token=TOKEN`. It may be secret: write "
        "`%(ENV_NAME)s`, or use `url_file`. A percent sign is written `%%`. This or `url_file` is needed.",
        "url_file": "A file with the URL, in a line of its own; lines that begin with `#` are comments. It is read again at each reread. "
        "An absolute path; `%(here)s/FILE` will do.",
        "programs": "Names of programs and patterns of them (`web`, `web:*`, `*_worker`), with commas or blanks between; one without a "
        "colon stands for a group, too.",
        "channels": "What is sent of each: `stdout`, `stderr` or both. With `redirect_stderr`, stderr is part of stdout.",
        "labels": 'What is said of each line besides its program, as `KEY="value",OTHER="value"`: labels in Loki, attributes of the resource '
        "in OpenTelemetry, structured data in syslog, fields in journald.",
        "batch_seconds": "How long lines are collected before they are sent, 0.05 to 60. With s or m after it in other units.",
        "batch_maxbytes": "How much output is sent at once at most; a batch that is full is sent at once. 1KB to 16MB.",
        "buffer_maxbytes": "How much output is kept while the receiver is slow or down; then the oldest goes, and is counted. 64KB to 1GB.",
    },
    "include": {
        "files": "Paths and patterns with blanks between, relative to the file that holds the section."
    },
    "rpcinterface": {"supervisor.rpcinterface_factory": "What makes the interface, as `module:function`."},
    "ctlplugin": {"supervisor.ctl_factory": "What makes the plugin, as `module:function`."},
}
