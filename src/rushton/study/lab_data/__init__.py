"""An experiment beside what was predicted for it.

    text  = empty_sheet("my_tank.results", "str-pfr")             CSV to fill in, from the sampling plan
    found = compare_data("lab.csv", "my_tank.results")            readings laid over the predictions
    found.verdicts, found.productivity, found.rows                outcome; found.write(folder) page and table

Predictions stand in ``protocol-<rig>.json``, so nothing is computed again.
"""

from rushton.study.lab_data.comparison import LabComparison, compare_data, empty_sheet

__all__ = ["LabComparison", "compare_data", "empty_sheet"]
