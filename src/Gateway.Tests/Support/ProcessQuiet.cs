using System.Globalization;

namespace Gateway.Tests.Support;

/// <summary>Tells whether a program has come to rest.</summary>
internal static class ProcessQuiet
{
    private const double TicksPerSecond = 100; // USER_HZ, proc(5)

    /// <summary>Whether the program used little CPU over a quarter of a second: two threads that ask in vain without end use
    /// most of it, and what is compiled at the start is done at some time.</summary>
    public static async Task<bool> IsQuietAsync(this DebianProcess process)
    {
        var before = CpuSeconds(process);
        await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        return CpuSeconds(process) - before < 0.05;
    }

    // utime and stime of proc_pid_stat(5); a program that only starts another, as prlimit, has become it.
    private static double CpuSeconds(DebianProcess process)
    {
        var line = File.ReadAllText($"/proc/{process.Id}/stat");
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..13].Sum(field => double.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
