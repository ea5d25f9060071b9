"""Settings from the environment, `SHORTLIST_…`; a command-line option overrides its setting."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.encoders import Precision


class Settings(BaseSettings):
    """Everything that a process may be told from outside."""

    model_config = SettingsConfigDict(env_prefix="SHORTLIST_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(default=Path(".shortlist"), description="Folder of the index")
    opensearch: str | None = Field(
        default=None, description="URL of an OpenSearch that keeps resumes and words; unset: embedded in the home"
    )
    opensearch_index: str = Field(default="resumes", description="Name of the OpenSearch alias")
    encoder: str = Field(default="multilingual-e5-small", description="Name or path of the encoder")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto, cpu or cuda")
    precision: Precision = Field(default="auto", description="auto, fp32, int8 or bf16")
    threads: int | None = Field(default=None, description="CPU threads of the encoder; unset: all cores")
    cache: Path = Field(default=Path("~/.cache/shortlist"), description="Folder for weights that are unpacked once")
    depth: int = Field(default=300, ge=1, description="How many resumes stage one hands to stage two")
