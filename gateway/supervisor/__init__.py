"""Parents and children: how processes are started, kept alive and never left behind."""
