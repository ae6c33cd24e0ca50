"""The example for Laravel, which only PHP itself reads here."""

from tests import node
from tests.e2e.conftest import ROOT


def test_php_can_parse_the_controller():
    examples = ROOT / "docs/integrations/examples/laravel"
    assert "No syntax errors" in node.run(
        [node.program("php"), "-l", "PhoneController.php"], examples
    )
