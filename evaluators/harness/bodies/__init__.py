"""Judge architectures: a task's stem and read-out around a body, trained at several rates at once.

whole    stem, body and read-out as one module
stack    copies of it with stacked weights, trained by AdamW
cost     latency and memory, measured on this machine
"""
