# One instance of a program: instance.sh NAME NOTES [ONCE STATUS]
# Notes its start, and DOUBLE if another instance lives: each holds a lock as long as it lives. With ONCE it ends with STATUS
# at once, unless the file ONCE exists already.
echo "START $1 $$" >> "$2"
exec 9>> "$2.$1.lock"
flock -n 9 || echo "DOUBLE $1 $$" >> "$2"
if [ -n "$3" ] && [ ! -e "$3" ]; then
    : > "$3"
    exit "$4"
fi
exec sleep 1000
