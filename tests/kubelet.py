"""What the kubelet does on a node, for tests."""

import secrets
from pathlib import Path


class MountedSecret:
    """A Secret as the kubelet mounts it. Each update is a new folder, and the link `..data` is
    replaced by one to that folder.
    https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/volume/util/atomic_writer.go
    """

    def __init__(self, folder: Path, **files: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.update(**files)

    def update(self, **files: str) -> None:
        """Replace all files. Surrogates stand for bytes that are no UTF-8."""
        version = self.folder / f"..{secrets.token_hex(8)}"
        version.mkdir()
        for name, content in files.items():
            (version / name).write_text(content, encoding="utf-8", errors="surrogateescape")
        data = self.folder / "..data"
        before = data.resolve() if data.is_symlink() else None
        draft = self.folder / "..data_tmp"
        draft.symlink_to(version.name)
        draft.rename(data)
        for name in files:
            link = self.folder / name
            if not link.is_symlink():
                link.symlink_to(Path("..data", name))
        if before:
            for file in before.iterdir():
                file.unlink()
            before.rmdir()
