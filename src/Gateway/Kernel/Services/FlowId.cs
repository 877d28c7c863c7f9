using System.Globalization;
using System.Net;

namespace Gateway.Kernel.Services;

/// <summary>The numbers targets have in maps and marks: hashed from what a target is, so that they are the same after a
/// restart and on another node, and flows in the kernel's maps keep their meaning.</summary>
internal static class FlowId
{
    /// <summary>Set in all of them, so that none is 0 and none looks like the marks that others use, which are small or
    /// single bits.</summary>
    private const uint Prefix = 0x4000_0000;
    private const uint Bits = 0x0fff_ffff;

    /// <summary>The number, and it is taken; when two targets hash to the same, the second takes the next one.</summary>
    public static uint Take(HashSet<uint> taken, string virtualServer, string destination, IPEndPoint endPoint)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{virtualServer}\n{destination}\n{endPoint}");
        var hash = 2166136261;
        foreach (var letter in text)
        {
            hash = (hash ^ letter) * 16777619;
        }

        hash ^= hash >> 15;
        while (!taken.Add(Prefix | (hash & Bits)))
        {
            hash++;
        }

        return Prefix | (hash & Bits);
    }
}
