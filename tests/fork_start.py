"""What each fork begins with: the server of forks imports this before the first of them."""

import pytest

from tests import built_once

built_once.build(pytest.MonkeyPatch())
