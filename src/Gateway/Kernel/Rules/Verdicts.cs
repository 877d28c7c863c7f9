namespace Gateway.Kernel.Rules;

/// <summary>What becomes of a packet, by the kernel's numbers.</summary>
/// <remarks>Source: include/uapi/linux/netfilter.h and netfilter/nf_tables.h.</remarks>
internal static class Verdicts
{
    public const int Drop = 0;
    public const int Accept = 1;
    public const int Goto = -4;
}
