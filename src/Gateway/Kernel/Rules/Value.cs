using System.Globalization;
using System.Net;

namespace Gateway.Kernel.Rules;

/// <summary>Something a rule can compute of a packet: a field, a mark, a hash, what a map holds.</summary>
/// <remarks>Each knows its text in nft's language and the expressions that load it into registers. Source of the
/// expressions and their attributes: include/uapi/linux/netfilter/nf_tables.h.</remarks>
internal abstract record Value
{
    /// <summary>Bytes it takes in registers.</summary>
    public abstract int Length { get; }

    public abstract string Text { get; }

    /// <summary>False where nft's language has no words for it and only the kernel does.</summary>
    public virtual bool IsExpressible => true;

    public uint Registers => (uint)(Length + 3) / 4;

    public abstract void Load(ExpressionList list, uint register);

    /// <summary>What a map holds for this value; where it holds nothing, the rule ends here.</summary>
    public Value In(NftSet map) => new MapValue(this, map);

    public Value Then(Value next) => new Concatenation(this, next);
}

/// <summary>From where in a packet an offset counts.</summary>
internal enum HeaderBase
{
    Link = 0,
    Network = 1,
    Transport = 2,
}

/// <summary>A field of a packet.</summary>
internal sealed record Field(HeaderBase From, int Offset, int Bytes, string Words) : Value
{
    public override int Length => Bytes;

    public override string Text => Words;

    // nft has raw offsets too (@th,192,32), but no typed map takes them.
    public override bool IsExpressible => !Words.StartsWith('@');

    public override void Load(ExpressionList list, uint register) => list.Add("payload", b =>
    {
        b.Number(1, register);
        b.Number(2, (uint)From);
        b.Number(3, (uint)Offset);
        b.Number(4, (uint)Bytes);
    });
}

/// <summary>Several values side by side, each from a register of its own on.</summary>
internal sealed record Concatenation(Value First, Value Second) : Value
{
    public override int Length => (int)(First.Registers + Second.Registers) * 4;

    public override string Text => $"{First.Text} . {Second.Text}";

    public override bool IsExpressible => First.IsExpressible && Second.IsExpressible;

    public override void Load(ExpressionList list, uint register)
    {
        First.Load(list, register);
        Second.Load(list, register + First.Registers);
    }
}

/// <summary>Some bits of a value.</summary>
internal sealed record Masked(Value Whole, byte[] Mask) : Value
{
    public override int Length => Whole.Length;

    public override string Text => $"{Whole.Text} & {MaskText}";

    public override bool IsExpressible => Whole.IsExpressible;

    public override void Load(ExpressionList list, uint register)
    {
        Whole.Load(list, register);
        list.Add("bitwise", b =>
        {
            b.Number(1, register);
            b.Number(2, register);
            b.Number(3, (uint)Mask.Length);
            Bits(4, Mask);
            Bits(5, new byte[Mask.Length]);

            void Bits(int type, byte[] bits)
            {
                var data = b.Open(type);
                b.Raw(1, bits);
                b.Close(data);
            }
        });
    }

    private string MaskText => Mask.Length switch
    {
        4 or 16 => new IPAddress(Mask).ToString(),
        _ => "0x" + Convert.ToHexStringLower(Mask),
    };
}

/// <summary>What the kernel knows beside a packet's bytes.</summary>
internal sealed record Meta(uint Number, int Bytes, string Words) : Value
{
    public static readonly Meta Protocol = new(1, 2, "meta protocol");
    public static readonly Meta Mark = new(3, 4, "meta mark");
    public static readonly Meta Arrival = new(4, 4, "iif");
    public static readonly Meta FamilyOf = new(15, 1, "meta nfproto");
    public static readonly Meta Transport = new(16, 1, "meta l4proto");

    public override int Length => Bytes;

    public override string Text => Words;

    public override void Load(ExpressionList list, uint register) => list.Add("meta", b =>
    {
        b.Number(1, register);
        b.Number(2, Number);
    });
}

/// <summary>What connection tracking knows of a packet's connection.</summary>
internal sealed record Tracked(uint Number, int Bytes, string Words) : Value
{
    public static readonly Tracked Direction = new(1, 1, "ct direction");
    public static readonly Tracked Status = new(2, 4, "ct status");
    public static readonly Tracked Mark = new(3, 4, "ct mark");

    public override int Length => Bytes;

    public override string Text => Words;

    public override void Load(ExpressionList list, uint register) => list.Add("ct", b =>
    {
        b.Number(1, register);
        b.Number(2, Number);
    });
}

/// <summary>A number written in the rule.</summary>
internal sealed record Constant(uint Number) : Value
{
    public override int Length => 4;

    public override string Text => new Mark(Number).Text;

    public override void Load(ExpressionList list, uint register) => list.Add("immediate", b =>
    {
        b.Number(1, register);
        new Mark(Number).WriteTo(b, 2);
    });
}

/// <summary>A number below <paramref name="Modulus"/> hashed from a value: the same on every node, for the seed is
/// given.</summary>
internal sealed record Hash(Value Input, uint Modulus, uint Seed) : Value
{
    public override int Length => 4;

    public override string Text => string.Create(
        CultureInfo.InvariantCulture, $"jhash {Input.Text} mod {Modulus} seed 0x{Seed:x}");

    public override bool IsExpressible => Input.IsExpressible;

    public override void Load(ExpressionList list, uint register)
    {
        Input.Load(list, register);
        list.Add("hash", b =>
        {
            b.Number(1, register);
            b.Number(2, register);
            b.Number(3, Input.Registers * 4);
            b.Number(4, Modulus);
            b.Number(5, Seed);
            b.Number(7, 0u);
        });
    }
}

/// <summary>A number below <paramref name="Modulus"/> that rises by one with each packet and then begins again.</summary>
internal sealed record Turn(uint Modulus) : Value
{
    public override int Length => 4;

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"numgen inc mod {Modulus}");

    public override void Load(ExpressionList list, uint register) => list.Add("numgen", b =>
    {
        b.Number(1, register);
        b.Number(2, Modulus);
        b.Number(3, 0u);
    });
}

/// <summary>What a map holds for a key.</summary>
internal sealed record MapValue(Value Key, NftSet Map) : Value
{
    public override int Length => Map.Data!.Length;

    public override string Text => $"{Key.Text} map @{Map.Name}";

    public override bool IsExpressible => Key.IsExpressible;

    public override void Load(ExpressionList list, uint register)
    {
        Key.Load(list, register);
        list.Add("lookup", b =>
        {
            b.Text(1, Map.Name);
            b.Number(2, register);
            b.Number(3, register);
        });
    }
}
