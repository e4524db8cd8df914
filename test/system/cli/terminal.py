# Runs a program in a terminal of its own: what comes on standard input is typed, what the terminal shows goes to standard
# output. `--stdout FILE`: only standard input and standard error are the terminal. Ends with the program's exit code.
import fcntl
import os
import pty
import select
import struct
import sys
import termios

arguments = sys.argv[1:]
redirected = None
columns = 80
while arguments[0].startswith("--"):
    option = arguments.pop(0)
    if option == "--stdout":
        redirected = arguments.pop(0)
    elif option == "--columns":
        columns = int(arguments.pop(0))

child, terminal = pty.fork()
if child == 0:
    if redirected is not None:
        file = os.open(redirected, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
    os.execvp(arguments[0], arguments)

fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
sources = [terminal, 0]
while terminal in sources:
    for ready in select.select(sources, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            # Linux: the program has closed the terminal.
            data = b""
        if not data:
            sources.remove(ready)
        elif ready == terminal:
            os.write(1, data)
        else:
            os.write(terminal, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256)
