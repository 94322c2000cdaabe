"""What a started gateway's readers are given on top, without a change to the product.

The folder stands on the gateway's PYTHONPATH, so Python imports its ``sitecustomize`` at start.
"""

from pathlib import Path

HOOKS = Path(__file__).parent
# While this file exists in the data folder, the marked texts are poison.
FLAG = "poison"
# Made there by whoever begins to read a slow one.
BEGUN = "begun"
RAISES, KILLS, SLOW = "PQT AGZ poison un", "PQT AGZ poison deux", "PQT AGZ lent"
