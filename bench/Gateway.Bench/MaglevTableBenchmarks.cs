using BenchmarkDotNet.Attributes;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Bench;

/// <summary>What a change of the list costs mh.</summary>
public class MaglevTableBenchmarks
{
    private Destination[] _destinations = [];

    [Params(10, 100, 1_000, 10_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup() => _destinations = [.. new BenchPool("mh", Count).Cluster.Destinations];

    [Benchmark]
    public object Build() => MaglevTable.Build(_destinations);
}
