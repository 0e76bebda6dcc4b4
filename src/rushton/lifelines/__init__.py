"""What a cell sees: tracks of cells through the tank, and the statistics of the signals they meet.

The door of the room is ``track``; ``signal_statistics`` serves any signal, whatever made it.
"""

from rushton.lifelines.regimes import SignalStatistics, signal_statistics

__all__ = ["SignalStatistics", "signal_statistics"]
