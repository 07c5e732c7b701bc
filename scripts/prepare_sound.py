"""Prepare one sound: synthesise it, or make a recording mono and a power of two samples long."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import write_sound
from jtfs_repro.experiments.textures import prepare
from jtfs_repro.provenance import Stamp, add_stamp_arguments


def arguments():
    parser = config.parser(__doc__)
    add_stamp_arguments(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--name", help="sound of the project: gull, hawk, dizi, am_chirp, ...")
    source.add_argument("--input", metavar="FILE", help="sound file: WAV, FLAC, OGG, MP3, ...")
    parser.add_argument("--sound", required=True, help="output .wav, float32, mono")
    parser.add_argument("--facts", required=True, help="output .json")
    return parser


def main(options):
    stamp = Stamp.of(options, device="cpu")
    name = options.name if options.input is None else Path(options.sound).stem
    prepared = config.bound(prepare)(name, path=options.input)
    write_sound(options.sound, prepared.sound)
    io.save_json(options.facts, prepared.facts | stamp.as_dict())


if __name__ == "__main__":
    config.run_script(main, arguments())
