using System.Globalization;

namespace Gateway.Tests.Support;

/// <summary>A fact that needs the capability NET_ADMIN, skipped without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetAdminFactAttribute : FactAttribute
{
    private const int NetAdmin = 12;

    public NetAdminFactAttribute() => Skip = IsPermitted() ? null : "Needs the capability NET_ADMIN.";

    private static bool IsPermitted()
    {
        const string Key = "CapEff:";
        var line = OperatingSystem.IsLinux()
            ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) : null;
        return line is not null
            && (ulong.Parse(line[Key.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> NetAdmin & 1) == 1;
    }
}
