# One instance of a program: instance.sh NAME NOTES [ONCE STATUS]
# Notes DOUBLE if another instance lives, since each holds a lock as long as it lives, and then its start. With ONCE it ends
# with STATUS at once, unless the file ONCE exists already.
#
# The child `flock` must not be left behind, where it would hold the lock a moment longer: SIGTERM is held back until it has
# ended, and the start is noted last, because who sends SIGKILL sends it to instances that are noted.
trap 'trap - TERM; kill $$' TERM
exec 9>> "$2.$1.lock"
flock -n 9 || echo "DOUBLE $1 $$" >> "$2"
echo "START $1 $$" >> "$2"
if [ -n "$3" ] && [ ! -e "$3" ]; then
    : > "$3"
    exit "$4"
fi
exec sleep 1000
