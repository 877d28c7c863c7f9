using System.Globalization;
using BenchmarkDotNet.Environments;
using BenchmarkDotNet.Reports;

namespace Gateway.Bench;

/// <summary>The results as a page: schedulers down, numbers of destinations across.</summary>
internal static class SchedulerTable
{
    private static readonly int[] _counts = [3, 10, 100, 1_000, 10_000];

    public static void Write(TextWriter output, Summary picks, Summary rebuilds)
    {
        output.WriteLine("# What one scheduling decision costs");
        output.WriteLine();
        var date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        output.WriteLine($"Written by `bench/Gateway.Bench` on {date}.");
        output.WriteLine();
        foreach (var line in HostEnvironmentInfo.GetCurrent().ToFormattedString())
        {
            output.WriteLine($"    {line}");
        }

        output.WriteLine();
        output.WriteLine("Nanoseconds: the quickest of 25 short iterations, and in brackets their median. The machine was shared with other");
        output.WriteLine("work, so the first is what the code costs, the second what it cost then.");
        Section(output, picks, nameof(SchedulerBenchmarks.Pick), "One pick");
        Section(output, picks, nameof(SchedulerBenchmarks.BindAndUnbind), "The whole way: pick, reserve, release");
        Section(output, picks, nameof(SchedulerBenchmarks.PickBesideAnother), "One pick while another thread picks too");
        Rebuilds(output, rebuilds);
    }

    private static void Section(TextWriter output, Summary summary, string method, string title)
    {
        var reports = summary.Reports.Where(r => r.BenchmarkCase.Descriptor.WorkloadMethod.Name == method).ToList();
        output.WriteLine($"\n## {title}\n");
        output.WriteLine($"| scheduler | {string.Join(" | ", _counts)} | bytes |");
        output.WriteLine($"|---|{string.Concat(_counts.Select(_ => "---:|"))}---:|");
        foreach (var scheduler in reports.Select(r => Parameter(r, "Scheduler")).Distinct())
        {
            var rows = reports.Where(r => Equals(Parameter(r, "Scheduler"), scheduler)).ToList();
            var times = _counts.Select(count => Nanoseconds(rows.Find(r => Equals(Parameter(r, "Count"), count))));
            var bytes = rows.Max(r => r.GcStats.GetBytesAllocatedPerOperation(r.BenchmarkCase) ?? 0);
            output.WriteLine($"| {scheduler} | {string.Join(" | ", times)} | {bytes} |");
        }
    }

    private static void Rebuilds(TextWriter output, Summary summary)
    {
        output.WriteLine("\n## Filling the table of mh\n\n| destinations | milliseconds |\n|---:|---:|");
        foreach (var report in summary.Reports)
        {
            var time = (report.ResultStatistics!.Median / 1e6).ToString("0.000", CultureInfo.InvariantCulture);
            output.WriteLine($"| {Parameter(report, "Count")} | {time} |");
        }
    }

    private static object Parameter(BenchmarkReport report, string name) => report.BenchmarkCase.Parameters[name];

    private static string Nanoseconds(BenchmarkReport? report) => report?.ResultStatistics is { } times
        ? string.Create(CultureInfo.InvariantCulture, $"{times.Min:0.0} ({times.Median:0})")
        : "-";
}
