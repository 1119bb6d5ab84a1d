"""`python -m monitor` is the command `seedwatch`."""

from monitor.cli import main

main()
