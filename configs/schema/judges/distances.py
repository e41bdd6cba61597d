"""Judges that say how far apart texts are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from configs.schema.judges.base import JudgeName, ModelJudge, Pass
from configs.schema.marks import Content


class EmbeddingJudge(ModelJudge):
    """How near a sample's text comes to others, by the vectors of an encoder: a role with engine `embedding`.

    Against the worked solution (Self-Contrast, arXiv 2404.00604), the problem's last user message, the problem's other
    samples, or those of a prompt variant. Against several it is the mean. Without a text or a target there is no score.
    """

    kind: Literal["embedding"] = "embedding"
    name: JudgeName = "embedding"
    role: Annotated[str, Content("model")] = Field("encoder", description="an entry of roles")
    against: str = Field(
        "solution",
        pattern=r"^(solution|problem|siblings|draw:\w+)$",
        description="what a sample is compared with: solution, problem, siblings, or draw:NAME",
    )
    pooling: Literal["cls", "mean", "last"] = Field(
        "mean", description="tokens whose hidden states become the vector: the first, all, the last"
    )
    measure: Literal["cosine", "mean_distance"] = Field(
        "cosine", description="cosine: likeness, at most 1; mean_distance: 1 less the cosine"
    )
    max_tokens: int = Field(512, ge=3, description="of a text that are read; what is longer is cut off")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The encoder."""
        return (Pass("", self.role, self.frozen, "embedding"),)

    @property
    def sees_group(self) -> bool:
        """Whether samples are compared with one another."""
        return self.against not in ("solution", "problem")
