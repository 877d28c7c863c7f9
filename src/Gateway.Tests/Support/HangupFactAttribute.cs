using System.Globalization;

namespace Gateway.Tests.Support;

/// <summary>A fact about SIGHUP, skipped where the process was started to ignore it, as <c>nohup</c> does: .NET leaves it so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HangupFactAttribute : FactAttribute
{
    private const string Ignored = "SigIgn:";

    public HangupFactAttribute() => Skip =
        !OperatingSystem.IsLinux() ? "Signals are read from /proc."
        : IsIgnored() ? "SIGHUP is ignored here, as nohup does."
        : null;

    private static bool IsIgnored()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Ignored, StringComparison.Ordinal));
        return (ulong.Parse(line[Ignored.Length..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
    }
}
