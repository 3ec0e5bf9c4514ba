"""What a model card says of each task beside its figures, a row of WORDS each. Text with gaps, no code.

In the gaps stand the network's own arguments by name, and in `use` its place: {source} as a literal of Python, {shell}
quoted for a shell.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """One task's part of a card."""

    pipeline: str  # as the Hub names it
    tags: tuple[str, ...]
    what: str
    grid: str  # under the sample grid; {epoch}
    use: str
    limits: str


# Ten lines that need no code of ours; in the gaps stand numbers and literals alone.
PLAIN_TORCH = """

With torch alone, as the weights fit the netG of PyTorch's DCGAN tutorial to the last key. A seed, 0 to 2^32 - 1, stands
for the z that NumPy's older generator draws from it, whatever the machine:

```python
from collections import OrderedDict

import numpy as np
import torch
{fetch}from safetensors.torch import load_file
from torch import nn

widths = {widths}
layers = [nn.ConvTranspose2d({z_dim}, widths[0], 4, 1, 0, bias=False)]
for before, after in zip(widths, [*widths[1:], 3]):
    layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
generator = nn.Sequential(OrderedDict(main=nn.Sequential(*layers, nn.Tanh()))).eval()
generator.load_state_dict(load_file({file}))
z = np.random.RandomState(7).standard_normal({z_dim}).astype("float32")  # of seed 7
picture = generator(torch.from_numpy(z).view(1, -1, 1, 1))  # (1, 3, {image_size}, {image_size}) in [-1, 1]
```"""

WORDS = {
    "generate": Words(
        pipeline="unconditional-image-generation",
        tags=("gan", "dcgan", "image-generation"),
        what="A DCGAN generator: {z_dim} random numbers in, a picture of {image_size} x {image_size} pixels out.",
        grid="64 pictures generated after epoch {epoch}, uncurated",
        use="""\
With the code of GAN Studio (`python app.py --checkpoint {shell}` shows it in the browser):

```python
from gan.checkpoints import load_generator
from gan.images import make_grid
from gan.latent import sample_z

generator = load_generator({source})
make_grid(generator(sample_z(range(16), generator.z_dim))).save("pictures.png")
```""",
        limits="A small network and small pictures ({image_size} pixels a side): shapes are often odd and details "
        "soft. It shows what its training pictures showed and knows nothing else. It may come close to single training "
        "pictures; look before you use a result for more than play.",
    ),
    "colorize": Words(
        pipeline="image-to-image",
        tags=("gan", "pix2pix", "line-art-colorization"),
        what="A network that colours drawings, at {image_size} x {image_size} pixels: a drawing in, with colours "
        "hinted at and a palette of five where you like, and the coloured picture out, transparent around the figure.",
        grid="Drawings and how they are coloured, in turn, after epoch {epoch}, uncurated",
        use="""\
With the code of GAN Studio (`python -m gan.translation.colorize drawing.png coloured.png --checkpoint {shell}` does
one drawing, or a folder of them):

```python
from PIL import Image

from gan.checkpoints import load_network
from gan.translation.apply import colorize

network = load_network({source})
colorize(network, Image.open("drawing.png"), palette=[(226, 61, 40), (247, 211, 84)]).save("coloured.png")
```""",
        limits="A small network that has seen one kind of figure, in drawings that programs made of pictures. Colours "
        "that nobody gave are guesses. They run where lines leave gaps, and a drawing of something else gets the "
        "colours of what it knows. They come at {image_size} pixels a side; only the lines are as sharp as they were "
        "drawn.",
    ),
    "upscale": Words(
        pipeline="image-to-image",
        tags=("gan", "super-resolution"),
        what="A network that makes pictures {scale} times larger a side, trained for those of {image_size} x "
        "{image_size} pixels. Its result, reduced again, is what it was given but for what is cut off beyond black "
        "and white.",
        grid="Small pictures, how they are enlarged and the real ones, in turn, after epoch {epoch}, uncurated",
        use="""\
With the code of GAN Studio, pictures being a tensor (N, 3, H, W) in [-1, 1]:

```python
from gan.checkpoints import load_generator, load_network
from gan.images import make_grid
from gan.latent import sample_z
from gan.translation.apply import upscale

network, generator = load_network({source}), load_generator("checkpoints/pokemon")
make_grid(upscale(network, generator(sample_z(range(4), generator.z_dim)))).save("pictures.png")
```""",
        limits="A small network. What it adds between the pixels is a guess, made of what its training pictures "
        "showed; it does not know what a small picture left out.",
    ),
}
