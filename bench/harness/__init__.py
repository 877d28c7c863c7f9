"""Side by side benchmark of proxies on one small machine, loopback only.

The figure of merit is the CPU time of a proxy's processes per request, from the kernel's clocks. Peers are measured in
turns, A B C C B A ..., over several rounds, so that what the machine does besides falls on all of them. Absolute
figures on a shared machine are hints; ratios in one table are the result.
"""
