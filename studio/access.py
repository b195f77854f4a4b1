"""Who may use a studio: whoever was given a one-time token, and from then on has its cookie."""

import hmac
import secrets
import time
from pathlib import Path

from storage.shared_folder import OWNER_ALONE, write_file

KEY_FILE = "cookie-key"
SECRET_BYTES = 32

SIGNATURE_DIGITS = 32
"""128 bits: nobody guesses them, and the code for a phone stays small."""

COOKIE_SECONDS = 30 * 86_400
"""How long a browser is known: a month, so that a phone that was left is not let in for ever."""


class Access:
    """Signs one-time tokens and cookies, and knows its own again.

    Both rest on a secret of the data folder, so that a page that is open goes on when the server
    is started anew, and that a second command can sign a token for the first. A token is good for
    one `run` of the server, which alone knows those that were used.
    """

    def __init__(self, secret: str, run: str) -> None:
        self._secret = secret.encode()
        self._run = run
        self._used: set[str] = set()
        # Browsers tell the cookies of a host apart by their names, and not by its ports.
        self.cookie = f"studio_{self._sign('name')[:8]}"

    def token(self) -> str:
        """A new one-time token, as it stands in an address."""
        nonce = secrets.token_hex(8)
        return f"{nonce}.{self._sign('token', self._run, nonce)}"

    def redeem(self, token: str) -> str | None:
        """The cookie's value for a token that is ours and was not used before, else None."""
        nonce, _, signature = token.partition(".")
        if nonce in self._used or not self._is_ours(signature, "token", self._run, nonce):
            return None
        self._used.add(nonce)
        end = str(int(time.time()) + COOKIE_SECONDS)
        return f"{end}.{self._sign('cookie', end)}"

    def admits(self, cookie: str) -> bool:
        """Whether a cookie's value is ours and not too old."""
        end, _, signature = cookie.partition(".")
        return self._is_ours(signature, "cookie", end) and int(end) > time.time()

    def _sign(self, *words: str) -> str:
        text = "\n".join(words).encode(errors="surrogatepass")
        return hmac.new(self._secret, text, "sha256").hexdigest()[:SIGNATURE_DIGITS]

    def _is_ours(self, signature: str, *words: str) -> bool:
        return hmac.compare_digest(
            signature.encode(errors="surrogatepass"), self._sign(*words).encode()
        )


def secret_in(folder: Path) -> str:
    """The secret that lies in a folder, readable for its owner alone.

    Made where there is none, or less than a whole one, which others could guess. Raises `OSError`.
    """
    path = folder / KEY_FILE
    secret = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if len(secret) < 2 * SECRET_BYTES:
        secret = secrets.token_hex(SECRET_BYTES)
        write_file(path, [secret.encode()], mode=OWNER_ALONE)
    return secret
