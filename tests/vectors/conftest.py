"""Lists, at the end of a run, the kinds of vectors that no part of paddock runs yet."""

from collections import Counter
from typing import Any

NOT_BUILT = "kind belongs to a part not built yet"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    waiting: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        if NOT_BUILT in str(report.longrepr):
            file, _, kind = report.nodeid.partition("[")[2].rstrip("]").partition("::")
            waiting.setdefault(file.partition("/")[0], Counter())[kind] += 1
    if waiting:
        terminalreporter.section("vectors whose kind belongs to a part not built yet")
    for topic, kinds in sorted(waiting.items()):
        shown = (f"{kind} ({files} files)" if files > 1 else kind for kind, files in kinds.items())
        terminalreporter.write_line(f"{topic}: {', '.join(shown)}")
