"""One reader of the inbox, by itself: ``python -m benchmarks.worker inbox-1``."""

import sys

from gateway.metrics_folder import prepare_metrics
from gateway.settings import Settings

if __name__ == "__main__":
    settings = Settings.read()
    prepare_metrics(settings.data_dir)
    from workers.pool import work

    work(sys.argv[1].partition("-")[0], settings)
