using System.Globalization;
using Gateway.Kernel.Netlink;

namespace Gateway.Kernel.Rules;

/// <summary>One step of a rule: a condition that ends the rule when it does not hold, or something done.</summary>
/// <remarks>Each knows its text in nft's language and its expressions. Source: include/uapi/linux/netfilter/nf_tables.h.
/// </remarks>
internal abstract record Statement
{
    public abstract string Text { get; }

    /// <summary>False where nft's language has no words for it and only the kernel does.</summary>
    public virtual bool IsExpressible => true;

    public abstract void AppendTo(ExpressionList list);
}

/// <summary>A value is, or is not, what is expected.</summary>
internal sealed record Match(Value Left, bool IsEqual, byte[] Right, string Words) : Statement
{
    public override string Text => Words;

    public override bool IsExpressible => Left.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Left.Load(list, ExpressionList.Key);
        list.Add("cmp", b =>
        {
            b.Number(1, ExpressionList.Key);
            b.Number(2, IsEqual ? 0u : 1u);
            var data = b.Open(3);
            b.Raw(1, Right);
            b.Close(data);
        });
    }
}

/// <summary>A set has, or has not, a value.</summary>
internal sealed record Contained(Value Key, NftSet Set, bool IsContained = true) : Statement
{
    public override string Text => $"{Key.Text} {(IsContained ? "" : "!= ")}@{Set.Name}";

    public override bool IsExpressible => Key.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Key.Load(list, ExpressionList.Key);
        list.Add("lookup", b =>
        {
            b.Text(1, Set.Name);
            b.Number(2, ExpressionList.Key);
            if (!IsContained)
            {
                b.Number(5, 1u);
            }
        });
    }
}

/// <summary>The chain that a map names for a value.</summary>
internal sealed record Dispatch(Value Key, NftSet Map) : Statement
{
    public override string Text => $"{Key.Text} vmap @{Map.Name}";

    public override bool IsExpressible => Key.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Key.Load(list, ExpressionList.Key);
        list.Add("lookup", b =>
        {
            b.Text(1, Map.Name);
            b.Number(2, ExpressionList.Key);
            b.Number(3, ExpressionList.Verdict);
        });
    }
}

/// <summary>Writes the mark of the packet, which in this table is the id of the destination.</summary>
internal sealed record SetMark(Value Value) : Statement
{
    public override string Text => $"meta mark set {Value.Text}";

    public override bool IsExpressible => Value.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Value.Load(list, ExpressionList.Key);
        list.Add("meta", b =>
        {
            b.Number(2, Meta.Mark.Number);
            b.Number(3, ExpressionList.Key);
        });
    }
}

/// <summary>Writes the mark of the connection.</summary>
internal sealed record SetConnectionMark(Value Value) : Statement
{
    public override string Text => $"ct mark set {Value.Text}";

    public override void AppendTo(ExpressionList list)
    {
        Value.Load(list, ExpressionList.Key);
        list.Add("ct", b =>
        {
            b.Number(2, Tracked.Mark.Number);
            b.Number(4, ExpressionList.Key);
        });
    }
}

/// <summary>What a rule does to a set while packets pass.</summary>
internal enum SetChange
{
    /// <summary>Adds an element; one that is there stays as it is.</summary>
    Add = 0,

    /// <summary>Adds an element, or starts the timeout of the one that is there again. Its value stays.</summary>
    Update = 1,

    Delete = 2,
}

/// <summary>Adds an element to a set, refreshes it or takes it out. When the set is full, the rule ends here.</summary>
internal sealed record Change(SetChange Kind, NftSet Set, Value Key, Value? Data = null, TimeSpan? Timeout = null) : Statement
{
    public override string Text
    {
        get
        {
            var word = Kind switch { SetChange.Add => "add", SetChange.Update => "update", _ => "delete" };
            var timeout = Timeout is { } time
                ? string.Create(CultureInfo.InvariantCulture, $" timeout {(long)time.TotalSeconds}s") : "";
            return $"{word} @{Set.Name} {{ {Key.Text}{timeout}{(Data is null ? "" : $" : {Data.Text}")} }}";
        }
    }

    public override bool IsExpressible => Key.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Key.Load(list, ExpressionList.Key);
        Data?.Load(list, ExpressionList.Data);
        list.Add("dynset", b =>
        {
            b.Text(1, Set.Name);
            b.Number(3, (uint)Kind);
            b.Number(4, ExpressionList.Key);
            if (Data is not null)
            {
                b.Number(5, ExpressionList.Data);
            }

            if (Timeout is { } time)
            {
                b.Number(6, (ulong)time.TotalSeconds * 1000);
            }
        });
    }
}

/// <summary>Counts the packet on the counter that a map names for a value.</summary>
internal sealed record Count(Value Key, NftSet Map) : Statement
{
    public override string Text => $"counter name {Key.Text} map @{Map.Name}";

    public override void AppendTo(ExpressionList list)
    {
        Key.Load(list, ExpressionList.Key);
        list.Add("objref", b =>
        {
            b.Number(3, ExpressionList.Key);
            b.Text(4, Map.Name);
        });
    }
}

/// <summary>Sends the packet to a neighbour, whose link address the kernel finds, past the rest of the stack.</summary>
internal sealed record ForwardTo(bool IsIPv6, Value Address, Value Device) : Statement
{
    private const uint FamilyIPv4 = 2;
    private const uint FamilyIPv6 = 10;

    public override string Text => $"fwd {(IsIPv6 ? "ip6" : "ip")} to {Address.Text} device {Device.Text}";

    public override void AppendTo(ExpressionList list)
    {
        Device.Load(list, ExpressionList.Data);
        Address.Load(list, ExpressionList.Key);
        list.Add("fwd", b =>
        {
            b.Number(1, ExpressionList.Data);
            b.Number(2, ExpressionList.Key);
            b.Number(3, IsIPv6 ? FamilyIPv6 : FamilyIPv4);
        });
    }
}

/// <summary>Rewrites where the connection goes; connection tracking turns the answers back.</summary>
internal sealed record TranslateTo(bool IsIPv6, Value Target) : Statement
{
    private const uint Destination = 1;
    private const uint FamilyIPv4 = 2;
    private const uint FamilyIPv6 = 10;

    public override string Text => $"dnat {(IsIPv6 ? "ip6" : "ip")} to {Target.Text}";

    public override void AppendTo(ExpressionList list)
    {
        Target.Load(list, ExpressionList.Key);
        var port = ExpressionList.Key + (IsIPv6 ? 4u : 1u);
        list.Add("nat", b =>
        {
            b.Number(1, Destination);
            b.Number(2, IsIPv6 ? FamilyIPv6 : FamilyIPv4);
            b.Number(3, ExpressionList.Key);
            b.Number(5, port);
        });
    }
}

/// <summary>A statement without operands.</summary>
internal sealed record Simple(string Words, Action<ExpressionList> Append) : Statement
{
    public static readonly Simple Accept = Verdict("accept", Verdicts.Accept, null);
    public static readonly Simple Drop = Verdict("drop", Verdicts.Drop, null);

    /// <summary>Answers with a reset in the name of the address the packet was for.</summary>
    public static readonly Simple Reset = new("reject with tcp reset", list => list.Add("reject", b =>
    {
        b.Number(1, 1u);
        b.Byte(2, 0);
    }));

    /// <summary>Gives the packet an address of this machine as its source.</summary>
    public static readonly Simple Masquerade = new("masquerade", list => list.Add("masq", _ => { }));

    /// <summary>Connection tracking leaves the packet alone.</summary>
    public static readonly Simple NotTracked = new("notrack", list => list.Add("notrack", _ => { }));

    /// <summary>As long as a rule has this, the kernel puts fragments together before it looks at rules, as it does for
    /// connection tracking, and takes them apart again when it sends. No packet needs to come to it.</summary>
    public static readonly Simple Reassembled = new("meta l4proto udp tproxy to :1", list =>
    {
        Transport(list);
        new Written(new PortNumber(1), 2).Load(list, ExpressionList.Key);
        list.Add("tproxy", b =>
        {
            b.Number(1, 0u);
            b.Number(3, ExpressionList.Key);
        });

        static void Transport(ExpressionList list) =>
            new Match(Meta.Transport, true, [17], "meta l4proto udp").AppendTo(list);
    });

    /// <summary>Leads the packet to an address of this machine.</summary>
    public static readonly Simple Redirect = new("redirect", list => list.Add("redir", _ => { }));

    public override string Text => Words;

    public override void AppendTo(ExpressionList list) => Append(list);

    /// <summary>Evaluation goes on in another chain and does not come back.</summary>
    public static Simple GoTo(NftChain chain) => Verdict($"goto {chain.Name}", Verdicts.Goto, chain.Name);

    // Two of the same words do the same.
    public bool Equals(Simple? other) => other is not null && Words == other.Words;

    public override int GetHashCode() => Words.GetHashCode(StringComparison.Ordinal);

    private static Simple Verdict(string words, int code, string? chain) => new(words, list => list.Add("immediate", b =>
    {
        b.Number(1, ExpressionList.Verdict);
        WriteVerdict(b, code, chain);
    }));

    private static void WriteVerdict(NetlinkBuffer buffer, int code, string? chain)
    {
        var data = buffer.Open(2);
        var verdict = buffer.Open(2);
        buffer.Number(1, unchecked((uint)code));
        if (chain is not null)
        {
            buffer.Text(2, chain);
        }

        buffer.Close(verdict);
        buffer.Close(data);
    }
}
