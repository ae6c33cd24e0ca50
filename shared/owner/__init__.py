"""What the owner sees and does: figures, timelines, the audit log, log-ins."""
