# A job that ends with status 7 once the file GO exists: job.sh NAME NOTES GO
echo "START $1 $$" >> "$2"
while [ ! -e "$3" ]; do sleep 0.02; done
echo "END $1 $$" >> "$2"
exit 7
