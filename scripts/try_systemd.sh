#!/bin/sh
# Vigil under a real systemd: the daemon is upgraded in place, and killed again and again, while programs write
# numbered lines and end.
#
# A private `systemd --user` runs in a mount namespace of its own, beside whatever runs the machine (a container,
# too); nothing of it is left behind. Linux, root and systemd are needed, and a cgroup file system that can be written to.
#
# Usage: scripts/try_systemd.sh [BIN]     BIN: where vigil and supervisorctl are (default: .venv/bin)
# Exit status 0: every line of every program is in its log exactly once.
set -eu

bin=$(cd "${1:-$(dirname "$0")/../.venv/bin}" && pwd)
kills=8
work=$(mktemp -d)
name=vigil-try-$$
manager=

clean_up() {
    if [ -n "$manager" ]; then
        systemctl --user stop vigil 2>/dev/null || :
        kill "$manager" 2>/dev/null || :
        wait "$manager" 2>/dev/null || :
    fi
    for cgroup in /sys/fs/cgroup/"$name" /sys/fs/cgroup/systemd/"$name" /sys/fs/cgroup/unified/"$name"; do
        [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} +
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir -m 700 "$work/run"
mkdir "$work/units" "$work/logs"
cat >"$work/writer.py" <<'END'
import sys, time
number, last = 0, int(sys.argv[1])
while number < last:
    for _ in range(20):
        number += 1
        sys.stdout.write(f"{number} a line to be carried\n")
    sys.stdout.flush()
    time.sleep(0.01)
END
cat >"$work/supervisord.conf" <<END
[unix_http_server]
file=$work/socket
[supervisord]
logfile=$work/logs/supervisord.log
pidfile=$work/supervisord.pid
childlogdir=$work/logs
[supervisorctl]
serverurl=unix://$work/socket
[program:w]
command=python3 $work/writer.py %(process_num)d000
process_name=%(process_num)02d
numprocs=12
numprocs_start=3
autorestart=false
startsecs=0
stdout_logfile=$work/logs/w%(process_num)02d.log
END
"$bin/vigil" systemd-unit --user -c "$work/supervisord.conf" >"$work/units/vigil.service"

cat >"$work/manager.sh" <<END
for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -e \$root/cgroup.procs ]; then mkdir \$root/$name && echo \$\$ >\$root/$name/cgroup.procs; fi
done
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
exec /lib/systemd/systemd --user --unit=basic.target
END
export XDG_RUNTIME_DIR="$work/run" SYSTEMD_UNIT_PATH="$work/units:/usr/lib/systemd/user"
unshare --mount sh "$work/manager.sh" >"$work/manager.log" 2>&1 &
manager=$!
until systemctl --user start vigil 2>/dev/null; do
    kill -0 "$manager" 2>/dev/null || { cat "$work/manager.log" >&2; echo "systemd does not run here" >&2; exit 2; }
    sleep 0.1
done

# It stays the same process, and what systemd keeps of it does not grow.
"$bin/supervisorctl" -c "$work/supervisord.conf" upgrade
"$bin/supervisorctl" -c "$work/supervisord.conf" upgrade
systemctl --user show -p SubState -p NRestarts -p NFileDescriptorStore vigil

count=0
while [ $count -lt $kills ]; do
    sleep 0.8
    kill -KILL "$(systemctl --user show --value -p MainPID vigil)"
    count=$((count + 1))
    until [ "$(systemctl --user show --value -p NRestarts vigil)" = $count ]; do sleep 0.05; done
    until [ "$(systemctl --user show --value -p SubState vigil)" = running ]; do sleep 0.05; done
done
while "$bin/supervisorctl" -c "$work/supervisord.conf" status | grep -q RUNNING; do sleep 0.2; done

grep -h "ended while no daemon ran" "$work/logs/supervisord.log" || :
failed=0
for log in "$work"/logs/w*.log; do
    last=$(basename "$log" .log | sed 's/^w0*//')000
    if awk -v last="$last" '$1 != NR {bad = 1} END {exit bad || NR != last}' "$log"; then
        echo "$(basename "$log"): $last lines, none lost, none doubled"
    else
        echo "$(basename "$log"): FAILED"
        failed=1
    fi
done
echo "systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p'): the daemon was upgraded twice and killed $kills times"
exit $failed
