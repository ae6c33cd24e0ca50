"""docs/kubernetes.md: what its commands would do on a cluster."""

import base64
import re

import yaml

from tests.deploy.manifests import KUBECTL, ROOT, Manifest, run

TEXT = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")


def manifests() -> list[Manifest]:
    """Those that the page shows, and the one that it pipes into kubectl."""
    shown = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    return [alerts(), *(each for block in shown for each in yaml.safe_load_all(block))]


def alerts() -> Manifest:
    (block,) = commands("alerts.yaml")
    loaded: Manifest = yaml.safe_load(_shell("cat", block))
    return loaded


def secrets() -> dict[str, dict[str, str]]:
    """The data of the Secrets that it creates, by their names."""
    (block,) = commands("create secret")
    block = re.sub(r"^ *kubectl apply .*$", "", block, flags=re.MULTILINE)
    # kubectl prints what it would create.
    printed = _shell(f'{KUBECTL} "$@" --dry-run=client -o yaml; echo ---', block)
    return {
        secret["metadata"]["name"]: {
            name: base64.b64decode(value).decode() for name, value in secret["data"].items()
        }
        for secret in yaml.safe_load_all(printed)
        if secret
    }


def patches() -> list[str]:
    """The last argument of each `kubectl patch`, as the shell passes it on."""
    keys = "SHOP_KEY=s METRICS_KEY=m\n"
    printed = [
        _shell('printf "%s\\n" "${@: -1}"', keys + block) for block in commands("patch secret")
    ]
    return [line for text in printed for line in text.splitlines() if line.startswith("{")]


def commands(word: str) -> list[str]:
    """The blocks of commands that have this word."""
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    return [block for block in blocks if word in block]


def _shell(kubectl: str, commands: str) -> str:
    """What commands print, with another command in place of kubectl."""
    return run(["bash", "-euc", f"kubectl() {{ {kubectl}; }}\n{commands}"])
