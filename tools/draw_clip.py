"""Draw the sample clip that Track and Count are tried on: people who walk through a room.

    .venv/bin/python build.py run tools/draw_clip.py

It needs ffmpeg with libvpx. tools/clip/story.py says what happens in the clip, and so what is right
to count in it. Run this when that has changed, and commit assets/clip/people.webm.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from clip import story

OUT = Path(__file__).resolve().parents[1] / "assets" / "clip" / "people.webm"

# VP9 plays in every browser without codecs that need a licence. A key frame every two seconds is
# quick to seek to; without "bitexact" and on several threads the file would differ from run to run.
QUALITY = "-c:v libvpx-vp9 -pix_fmt yuv420p -crf 40 -b:v 0 -g 30 -deadline good -cpu-used 1"
SAME = "-row-mt 0 -threads 1 -fflags +bitexact -flags:v +bitexact -map_metadata -1"


def main() -> None:
    """Write the clip."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        sys.exit("Install ffmpeg to draw the clip.")
    size = f"{story.WIDTH}x{story.HEIGHT}"
    source = f"-loglevel error -y -f rawvideo -pix_fmt rgb24 -s {size} -r {story.FPS} -i -"
    command = [ffmpeg, *f"{source} {QUALITY} {SAME}".split(), str(OUT)]
    pictures = b"".join(frame.tobytes() for frame in story.frames())
    OUT.parent.mkdir(exist_ok=True)
    subprocess.run(command, input=pictures, check=True)
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
