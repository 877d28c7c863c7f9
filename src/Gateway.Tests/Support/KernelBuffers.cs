using System.Globalization;

namespace Gateway.Tests.Support;

/// <summary>What the kernel keeps of a connection that nobody reads from.</summary>
internal static class KernelBuffers
{
    /// <summary>The most that it keeps on the way from a destination to a client with a buffer of a size of its own: what both
    /// senders, and Gateway as the receiver, may come to.</summary>
    public static int Most() => Most("tcp_rmem") + (2 * Most("tcp_wmem"));

    private static int Most(string name)
    {
        var file = $"/proc/sys/net/ipv4/{name}";
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Split('\t')[2], CultureInfo.InvariantCulture) : 0;
    }
}
