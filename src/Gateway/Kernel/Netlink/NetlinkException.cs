using System.ComponentModel;
using System.Globalization;

namespace Gateway.Kernel.Netlink;

/// <summary>The kernel refused something asked of it by netlink.</summary>
internal sealed class NetlinkException(int error, string what, string? detail = null) : Exception(Describe(error, what, detail))
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int Interrupted = 4;
    public const int QueueIsFull = 105;

    /// <summary>The kernel's error number.</summary>
    public int Error { get; } = error;

    private static string Describe(int error, string what, string? detail) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {new Win32Exception(error).Message}{(string.IsNullOrEmpty(detail) ? "" : $" ({detail})")}");
}
