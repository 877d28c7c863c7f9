using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gateway.Telemetry.Meters;

/// <summary>The process under the names that Prometheus' own client libraries use, so that common dashboards and alerts
/// work: <c>process_cpu_seconds_total</c>, <c>process_open_fds</c> and so on.</summary>
internal sealed class ProcessMeter : IDisposable
{
    public const string Name = "Gateway.Process";

    private readonly Meter _meter;

    public ProcessMeter(MeterScope scope)
    {
        _meter = scope.Create(Name);
        _meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s",
            "Processor time used by the process, user and system.");
        _meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By",
            "Physical memory used by the process.");
        _meter.CreateObservableGauge("process.start_time", ReadStart, "s",
            "When the process started, in seconds since 1970.");
        if (OperatingSystem.IsLinux())
        {
            _meter.CreateObservableGauge("process.open_fds", () => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(),
                "{fd}", "Open file descriptors; each connection is one or two.");
            _meter.CreateObservableGauge("process.max_fds", ReadMaxFds, "{fd}", "The limit of open file descriptors.");
        }
    }

    public void Dispose() => _meter.Dispose();

    private static double ReadStart()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }

    /// <summary>The soft limit, the second column of a line such as <c>Max open files  1024  524288  files</c>.</summary>
    private static IEnumerable<Measurement<long>> ReadMaxFds()
    {
        const string Title = "Max open files";
        foreach (var line in File.ReadLines("/proc/self/limits"))
        {
            if (line.StartsWith(Title, StringComparison.Ordinal)
                && long.TryParse(line[Title.Length..].TrimStart().Split(' ')[0], out var limit))
            {
                yield return new Measurement<long>(limit);
            }
        }
    }
}
