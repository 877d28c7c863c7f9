using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Netlink;

/// <summary>Changes to tables that the kernel makes all together or not at all.</summary>
/// <remarks>Source: include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h: a begin and an end message around the
/// changes. Later changes see what earlier ones made.</remarks>
internal sealed partial class NftBatch
{
    /// <summary>The flag of a set that packets fill.</summary>
    public const uint FilledByRules = 0x20;

    private const int BatchBegin = 0x10;
    private const int BatchEnd = 0x11;
    private const ushort Subsystem = 10;
    private const ushort Request = 1;
    private const ushort Acknowledge = 4;
    private const ushort Create = 0x400;
    private const ushort Append = 0x800;
    private const int NewElements = 12;
    private const int DeletedElements = 14;
    private const int ElementKey = 1;
    private const int ElementData = 2;
    private const int ElementTimeout = 4;
    private const int ElementObject = 9;

    /// <summary>An attribute ends at 64 KiB, and an element takes 60 bytes at most.</summary>
    private const int ElementsInMessage = 800;

    private readonly NetlinkBuffer _buffer = new();
    private readonly NetlinkSocket _socket;
    private readonly List<Step> _steps = [];
    private readonly uint _first;
    private int _flagsAt;
    private uint _last;

    public NftBatch(NetlinkSocket socket)
    {
        _socket = socket;
        _first = Header(BatchBegin, Request, 0, Subsystem, "begin", "");
        Close(0);
    }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => _steps.Count == 1;

    public int Bytes => _buffer.Length;

    public void Table(NftTable table, uint flags) => Add(0, Create, table, "add table", table.Name, b =>
    {
        b.Text(1, table.Name);
        b.Number(2, flags);
    });

    public void DeleteTable(NftTable table) => Add(2, 0, table, "delete table", table.Name, b => b.Text(1, table.Name));

    public void Counter(NftTable table, string name) => Add(18, Create, table, "add counter", name, b =>
    {
        b.Text(1, table.Name);
        b.Text(2, name);
        b.Number(3, 1u);
        var data = b.Open(4);
        b.Number(1, 0UL);
        b.Number(2, 0UL);
        b.Close(data);
    });

    public void DeleteCounter(NftTable table, string name) => Add(20, 0, table, "delete counter", name, b =>
    {
        b.Text(1, table.Name);
        b.Text(2, name);
        b.Number(3, 1u);
    });

    public void Set(NftTable table, NftSet set, uint id) => Add(9, Create, table, "add set", set.Name, b =>
    {
        const uint isMap = 8;
        const uint hasTimeouts = 0x10;
        const uint isOfObjects = 0x40;
        b.Text(1, table.Name);
        b.Text(2, set.Name);
        b.Number(3, (set.IsOfCounters ? isOfObjects : set.Data is null ? 0 : isMap)
            | (set.IsDynamic ? hasTimeouts | FilledByRules : 0));
        b.Number(4, set.Key.Number);
        b.Number(5, (uint)set.Key.Length);
        if (set.IsOfCounters)
        {
            b.Number(15, 1u);
        }
        else if (set.Data is { } data)
        {
            b.Number(6, data.Number);
            b.Number(7, (uint)data.Length);
        }

        if (set.IsDynamic || set.Capacity > 0)
        {
            var description = b.Open(9);
            b.Number(1, (uint)(set.IsDynamic ? set.Size : set.Capacity));
            b.Close(description);
        }

        b.Number(10, id);
    }, set.Declaration);

    public void DeleteSet(NftTable table, string set) => Add(11, 0, table, "delete set", set, b =>
    {
        b.Text(1, table.Name);
        b.Text(2, set);
    });

    public void Elements(NftTable table, NftSet set, List<NftElement> elements) => Each(
        NewElements, table, set, elements, element => element.Text, (buffer, element) =>
        {
            element.Key.WriteTo(buffer, ElementKey);
            element.Value?.WriteTo(buffer, set.IsOfCounters ? ElementObject : ElementData);
        });

    /// <summary>Elements of a map of slots, by the numbers of the slots.</summary>
    /// <remarks>There are tens of thousands of them, all alike: each is a copy with two numbers changed.</remarks>
    public void Slots(NftTable table, NftSet set, List<int> slots)
    {
        var pattern = new NetlinkBuffer(64);
        Mark.Write(pattern, ElementKey, 0);
        var half = pattern.Length;
        Mark.Write(pattern, ElementData, 0);
        Each(NewElements, table, set, slots, slot => $"{slot}", (buffer, slot) =>
        {
            var element = buffer.Append(pattern.Length);
            pattern.Bytes.CopyTo(element);
            BitConverter.TryWriteBytes(element[(half - sizeof(uint))..], (uint)slot);
            BitConverter.TryWriteBytes(element[^sizeof(uint)..], set.Slots![slot]);
        });
    }

    /// <summary>Adds elements of a set that packets fill, as if packets had.</summary>
    public void Elements(NftTable table, NftSet set, List<Datum> keys, TimeSpan timeout) => Each(
        NewElements, table, set, keys, key => key.Text, (buffer, key) =>
        {
            key.WriteTo(buffer, ElementKey);
            buffer.Number(ElementTimeout, (ulong)timeout.TotalMilliseconds);
        });

    public void DeleteElements(NftTable table, NftSet set, List<NftElement> elements) => Each(
        DeletedElements, table, set, elements, element => element.Text, (buffer, element) => element.Key.WriteTo(buffer, ElementKey));

    public void DeleteSlots(NftTable table, NftSet set, List<int> slots) => Each(
        DeletedElements, table, set, slots, slot => $"{slot}", (buffer, slot) => Mark.Write(buffer, ElementKey, (uint)slot));

    public void Flush(NftTable table, string set) => Add(DeletedElements, 0, table, "flush set", set, b =>
    {
        b.Text(1, table.Name);
        b.Text(2, set);
    });

    public void Chain(NftTable table, NftChain chain) => Add(3, Create, table, "add chain", chain.Name, b =>
    {
        b.Text(1, table.Name);
        b.Text(3, chain.Name);
        if (chain.Hook is { } hook)
        {
            var open = b.Open(4);
            b.Number(1, hook.Number);
            b.Number(2, unchecked((uint)hook.Priority));
            if (hook.Device is { } device)
            {
                b.Text(3, device);
            }

            b.Close(open);
            b.Number(5, (uint)Verdicts.Accept);
            b.Text(7, hook.Type);
        }
    });

    public void DeleteChain(NftTable table, string chain) => Add(5, 0, table, "delete chain", chain, b =>
    {
        b.Text(1, table.Name);
        b.Text(3, chain);
    });

    public void Rule(NftTable table, NftChain chain, NftRule rule) =>
        Add(6, Create | Append, table, "add rule", chain.Name, b =>
        {
            b.Text(1, table.Name);
            b.Text(2, chain.Name);
            var open = b.Open(4);
            var list = new ExpressionList(b);
            foreach (var statement in rule.Statements)
            {
                statement.AppendTo(list);
            }

            b.Close(open);
        }, rule.Text);

    public void DeleteRules(NftTable table, string chain) => Add(8, 0, table, "flush chain", chain, b =>
    {
        b.Text(1, table.Name);
        b.Text(2, chain);
    });

    /// <summary>Writes elements, as many in a message as it holds.</summary>
    private void Each<T>(
        int message, NftTable table, NftSet set, List<T> elements, Func<T, string> text, Action<NetlinkBuffer, T> write)
    {
        for (var from = 0; from < elements.Count; from += ElementsInMessage)
        {
            var part = (From: from, To: Math.Min(from + ElementsInMessage, elements.Count));
            Add(message, message == NewElements ? Create : 0, table, message == NewElements ? "add elements of" : "delete elements of", set.Name, b =>
            {
                b.Text(1, table.Name);
                b.Text(2, set.Name);
                var list = b.Open(3);
                for (var i = part.From; i < part.To; i++)
                {
                    var element = b.Open(1);
                    write(b, elements[i]);
                    b.Close(element);
                }

                b.Close(list);
            }, $"{part.To - part.From}, {text(elements[from])} first");
        }
    }

    private void Add(
        int message, int flags, NftTable table, string act, string subject, Action<NetlinkBuffer> write, string detail = "")
    {
        var at = _buffer.Length;
        _last = Header((Subsystem << 8) | message, (ushort)(Request | flags), (byte)table.Family, 0, act, subject, detail);
        _flagsAt = at + 6;
        write(_buffer);
        Close(at);
    }
}
