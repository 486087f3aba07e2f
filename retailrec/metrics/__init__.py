"""What trainings measured: read from the job, shown as tables, drawn as pictures."""
