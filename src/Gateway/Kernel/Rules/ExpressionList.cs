using Gateway.Kernel.Netlink;

namespace Gateway.Kernel.Rules;

/// <summary>The expressions of one rule on their way to the kernel.</summary>
/// <remarks>Expressions pass values in 32-bit registers, of which there are sixteen, numbered from 8.</remarks>
internal sealed class ExpressionList(NetlinkBuffer buffer)
{
    /// <summary>The first register; keys are put together from here on.</summary>
    public const uint Key = 8;

    /// <summary>Where a value looked up, or one that belongs to a key, is kept.</summary>
    public const uint Data = 16;

    /// <summary>The pseudo register that is the verdict.</summary>
    public const uint Verdict = 0;

    private const int Element = 1;
    private const int Name = 1;
    private const int Attributes = 2;

    /// <summary>Appends one expression, whose attributes <paramref name="write"/> writes.</summary>
    public void Add(string name, Action<NetlinkBuffer> write)
    {
        var element = buffer.Open(Element);
        buffer.Text(Name, name);
        var attributes = buffer.Open(Attributes);
        write(buffer);
        buffer.Close(attributes);
        buffer.Close(element);
    }
}
