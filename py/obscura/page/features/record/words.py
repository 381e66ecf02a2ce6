"""What people read about recordings. Pure Python."""

from __future__ import annotations

from obscura.page.words.text import megabytes, pixels

RECORD, STOP = "Record", "Stop {time}"
FINISHING = "Finishing the recording…"
OPENING = "Opening the recording…"
SAVED = "Saved as {name}. The copy in this page is deleted a minute after you close this."
SHARE_FAILED = "Sharing didn't work. Save the video instead."
CAMERA_ENDED = "The camera or video ended, and so did the recording."
NO_ENCODER = "This browser can't record video of this size. Update it, or try Chrome or Firefox."
IN_MEMORY = (
    "This browser lets the page store nothing, as in a private window, so the recording is kept in"
    " memory: it can have 256 MB, and is lost if this tab closes before it is saved."
)
NO_ROOM = "There isn't enough free storage to record. Free up some space and try again."
NEARLY_FULL = "Storage is nearly full: recording stops in about {time}."
FULL = "Storage is full, so the recording was stopped. It is complete up to here."
NEARLY_FULL_MEMORY = "A recording in memory can have 256 MB: it stops in about {time}."
FULL_MEMORY = "A recording in memory can have 256 MB, so it was stopped. It is complete up to here."
FULL_WORDS = {False: (FULL, NEARLY_FULL), True: (FULL_MEMORY, NEARLY_FULL_MEMORY)}
"""What is said, and before, by whether the recording is in memory."""
BROKE_OFF = (
    "The video encoder failed, so the recording ended. What was recorded until then is kept."
)
UNREADABLE = "Nothing could be read of this recording, so it was deleted."
ELSEWHERE = "This recording is open in another tab."
GONE = "This recording isn't on this device any more."
NOT_WHOLE = "The recording is complete, but some players can't jump to a place in it."
NOT_NOW = "This recording can't be read just now. Try again later."
WAS_HIDDEN = (
    "Nothing was recorded for {time} while this tab was hidden: browsers show it no frames. The"
    " recording goes on."
)
MAKING = "Making the video: {share} %, {left}"
MAKING_BEGINS = "Making the video…"
LEFT_S = "about {time} left"
CANCELLED = "Cancelled. No video was made."
HIDE_ON = (
    "While Hide is on, a whole video can't be saved: record it instead, then everything that Hide"
    " covers stays covered."
)
NOT_READ = "This browser can't read this video frame by frame. Record it while it plays instead."
BROKE_WHILE_MAKING = "The video couldn't be made: the file or the encoder failed. Try again."
BREAKS_OFF = "The original breaks off at {time}, so this video ends there, too."
ENCODER_FAILED = (
    "The video encoder failed at {time} of {whole}. What was made until then is kept. Save it as"
    " video again to try another encoder."
)
FULL_AT = "Storage is full, so the video ends at {time} of {whole}. It is complete up to there."
FILLS_UP = "Storage is nearly full: the video will end at about {time} of {whole}."
FULL_AT_MEMORY = (
    "A video in memory can have 256 MB, so it ends at {time} of {whole}. It is complete up to"
    " there."
)
FILLS_UP_MEMORY = "A video in memory can have 256 MB: it will end at about {time} of {whole}."
NOT_FETCHED = "The video couldn't be downloaded again. Check your connection and try again."
FULL_WHILE_MAKING = "The video couldn't be made: storage is full. Free up some space and try again."
NO_SOUND = "The sound of this video isn't in it: its format doesn't fit."
NO_MICROPHONE = (
    "No microphone, or it isn't allowed: this is recorded without sound. Allow it in your browser's"
    " site settings."
)
SOUND_LOST = "Without sound, because the sound of the video can't be read."
NO_SOUND_ENCODER = "This browser can't record a microphone, so this is recorded without sound."
BROKEN_SOUND = "Without sound, because the video was sought or began again meanwhile."
LEFT = "A recording of {date} isn't saved yet ({facts})."
OF_NOTHING = "Nothing was recorded: no frame was analysed meanwhile."


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds: "0:07", "1:02:03"."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def facts(seconds: float, size: int, side: tuple[int, int] | None = None) -> str:
    """Return a line about a recording.

    Args:
        size: in bytes.
        side: width and height in pixels.
    """
    parts = [pixels(*side)] if side else []
    return " · ".join([*parts, clock(seconds), megabytes(size)])


def making(share: float, seconds: float) -> str:
    """Return how far a video is.

    Args:
        share: that is done, 0 to 1.
        seconds: that it took so far.
    """
    if seconds < 2 or not share:
        return MAKING_BEGINS
    left = clock(seconds * (1 - share) / share)
    return MAKING.format(share=int(share * 100), left=LEFT_S.format(time=left))


def reason(error: str) -> str:
    """Return why a video could not be made.

    Args:
        error: what the browser says.
    """
    return FULL_WHILE_MAKING if is_full(error) else BROKE_WHILE_MAKING


def is_full(error: str) -> bool:
    """Whether an error of the browser's says that the device is full."""
    return "quota" in error.lower()
