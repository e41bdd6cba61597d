"""docs/recipe.md says what the schema says."""

from pathlib import Path

from configs.schema.describe import describe_recipe


def test_the_page_is_the_schemas() -> None:
    page = Path(__file__).parents[2] / "docs" / "recipe.md"
    assert page.read_text() == describe_recipe() + "\n", "run: python -m configs.schema.describe > docs/recipe.md"
