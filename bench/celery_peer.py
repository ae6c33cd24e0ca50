"""The task of peers.py for Celery, with Redis as the broker."""

import os

from celery import Celery

from bench import peers

app = Celery(broker=os.environ["BENCH_REDIS"])
app.conf.task_ignore_result = True
deliver = app.task(name="deliver")(peers.deliver)
