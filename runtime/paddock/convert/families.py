"""The architectures that are converted, by the name config.json has for them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from paddock.convert import bert, gemma, llama, phi, qwen
from paddock.convert.folder import read_json
from paddock.convert.model import Model
from paddock.errors import UnsupportedError

FAMILIES: Final[Mapping[str, Callable[[Path], Model]]] = {
    "LlamaForCausalLM": llama.read,
    "LlamaModel": llama.read,
    "MistralForCausalLM": llama.read,
    "MistralModel": llama.read,
    "Qwen2ForCausalLM": qwen.read_qwen2,
    "Qwen2Model": qwen.read_qwen2,
    "Qwen3ForCausalLM": qwen.read_qwen3,
    "Qwen3Model": qwen.read_qwen3,
    "GemmaForCausalLM": gemma.read_gemma,
    "Gemma2ForCausalLM": gemma.read_gemma2,
    "Gemma3ForCausalLM": gemma.read_gemma3,
    "Gemma3ForConditionalGeneration": gemma.read_gemma3,
    "Phi3ForCausalLM": phi.read,
    "BertModel": bert.read_bert,
    "BertForMaskedLM": bert.read_bert,
    "BertForSequenceClassification": bert.read_bert_reranker,
    "XLMRobertaModel": bert.read_xlm_roberta,
    "XLMRobertaForMaskedLM": bert.read_xlm_roberta,
    "XLMRobertaForSequenceClassification": bert.read_xlm_roberta_reranker,
    "NomicBertModel": bert.read_nomic,
}


class _Architectures(BaseModel):
    architectures: list[str] | None = None


def read(folder: Path) -> Model:
    """The model of a folder; its weights are read when they are asked for."""
    path = folder / "config.json"
    if not path.exists() and (folder / "adapter_config.json").exists():
        raise UnsupportedError(
            f"{folder}: a LoRA adapter, which is not converted; turn it into a GGUF file with "
            "llama.cpp's convert_lora_to_gguf.py"
        )
    names = read_json(_Architectures, path).architectures or []
    if not names:
        raise UnsupportedError(f"{path}: unknown architecture; it must name one in architectures")
    family = FAMILIES.get(names[0])
    if family is None:
        raise UnsupportedError(
            f'{path}: unsupported architecture "{names[0]}"; paddock converts '
            f"{', '.join(FAMILIES)}. Get this model as a GGUF file instead"
        )
    return family(folder)
