"""Pictures and masks that came as bytes, kept under an id that stands for them as a path does."""

import hashlib
import re
from pathlib import Path

from storage.atomic_write import write_file
from storage.input_pictures import InputError, InputPicture, quote

UPLOAD_ID = re.compile(r"up_[0-9a-f]{16}")


class Uploads:
    """The folder of what was handed in; the same bytes have the same id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, picture: InputPicture) -> str:
        """Write a picture down; its id, `up_` and 16 hex digits. Raises `InputError`."""
        upload_id = f"up_{hashlib.sha256(picture.data).hexdigest()[:16]}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(self._folder / upload_id, [picture.data])
        except OSError as error:
            raise InputError(
                f"{quote(picture.source)} could not be kept ({error.strerror}). Make the folder of "
                "IMAGE_CONSULTANT_DATA_DIR writable."
            ) from error
        return upload_id

    def read(self, upload_id: str) -> bytes:
        """The bytes behind an id. Raises `InputError`."""
        try:
            return (self._folder / upload_id).read_bytes()
        except OSError:
            raise InputError(
                f"There is no upload {upload_id}: it was removed, or is of another installation.",
                "Hand the picture in again.",
            ) from None
