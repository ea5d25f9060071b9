"""The processes: command line, service, queue workers."""
