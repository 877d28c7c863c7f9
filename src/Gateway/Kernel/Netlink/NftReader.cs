using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Netlink;

/// <summary>Reads what is in the kernel's tables.</summary>
internal sealed class NftReader(NetlinkSocket socket)
{
    private const int GetTable = 1;
    private const int GetChain = 4;
    private const int GetSet = 10;
    private const int GetElement = 13;
    private const int GetObject = 19;

    /// <summary>What is in a table by name and layout, its contents unknown; null when there is no such table.</summary>
    public NftTable? Find(TableFamily family, string name)
    {
        if (Owner(family, name) is null)
        {
            return null;
        }

        var table = new NftTable(family, name);
        foreach (var counter in Counters(table).Keys)
        {
            table.AddCounter(counter);
        }

        foreach (var set in Sets(table))
        {
            table.Add(set);
        }

        foreach (var chain in Chains(table))
        {
            table.Add(chain);
        }

        return table;
    }

    /// <summary>Whose a table is: the port of the netlink socket that has it to itself, 0 when none has; null when there is no
    /// such table.</summary>
    public uint? Owner(TableFamily family, string name)
    {
        var owner = 0u;
        try
        {
            var request = NetlinkRequest.Tables(socket, GetTable, family, $"looking for table {name}");
            request.Buffer.Text(1, name);
            request.Get(message =>
            {
                foreach (var attribute in message.Attributes(4))
                {
                    owner = attribute.Type == 7 ? attribute.Number : owner;
                }
            });
            return owner;
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.NoEntry)
        {
            return null;
        }
    }

    /// <summary>Packets and bytes of each counter.</summary>
    public Dictionary<string, (long Packets, long Bytes)> Counters(NftTable table)
    {
        var counters = new Dictionary<string, (long, long)>();
        var request = NetlinkRequest.Tables(socket, GetObject, table.Family, $"reading counters of {table.Name}");
        request.Buffer.Text(1, table.Name);
        request.Buffer.Number(3, 1u);
        request.List(counters.Clear, message =>
        {
            var (name, owner, packets, bytes) = ("", "", 0L, 0L);
            foreach (var attribute in message.Attributes(4))
            {
                switch (attribute.Type)
                {
                    case 1:
                        owner = attribute.Text;
                        break;
                    case 2:
                        name = attribute.Text;
                        break;
                    case 4:
                        foreach (var value in attribute.Nested)
                        {
                            bytes = value.Type == 1 ? (long)value.LongNumber : bytes;
                            packets = value.Type == 2 ? (long)value.LongNumber : packets;
                        }

                        break;
                }
            }

            if (owner == table.Name)
            {
                counters[name] = (packets, bytes);
            }
        });
        return counters;
    }

    /// <summary>How many elements of a map have each mark as their value.</summary>
    public Dictionary<uint, int> CountByMark(NftTable table, string set)
    {
        var counts = new Dictionary<uint, int>();
        var request = NetlinkRequest.Tables(socket, GetElement, table.Family, $"reading {set}");
        request.Buffer.Text(1, table.Name);
        request.Buffer.Text(2, set);
        request.List(counts.Clear, message =>
        {
            foreach (var attribute in message.Attributes(4))
            {
                if (attribute.Type != 3)
                {
                    continue;
                }

                foreach (var element in attribute.Nested)
                {
                    foreach (var part in element.Nested)
                    {
                        if (part.Type == 2)
                        {
                            var mark = BitConverter.ToUInt32(part.Value[4..]);
                            counts[mark] = counts.GetValueOrDefault(mark) + 1;
                        }
                    }
                }
            }
        });
        return counts;
    }

    private List<NftSet> Sets(NftTable table)
    {
        var sets = new List<NftSet>();
        var request = NetlinkRequest.Tables(socket, GetSet, table.Family, $"reading sets of {table.Name}");
        request.Buffer.Text(1, table.Name);
        request.List(sets.Clear, message =>
        {
            var (name, owner, key, data, size, type, flags) = ("", "", 0, 0, 0, 0u, 0u);
            foreach (var attribute in message.Attributes(4))
            {
                switch (attribute.Type)
                {
                    case 1:
                        owner = attribute.Text;
                        break;
                    case 2:
                        name = attribute.Text;
                        break;
                    case 3:
                        flags = attribute.Number;
                        break;
                    case 5:
                        key = (int)attribute.Number;
                        break;
                    case 7:
                        data = (int)attribute.Number;
                        break;
                    case 9:
                        foreach (var part in attribute.Nested)
                        {
                            size = part.Type == 1 ? (int)part.Number : size;
                        }

                        break;
                    case 15:
                        type = attribute.Number;
                        break;
                }
            }

            if (owner == table.Name)
            {
                var value = type != 0 ? FieldType.Counter : data > 0 ? new FieldType("", 0, data) : null;

                // What packets put into a set is what is kept; all else is written anew.
                var isDynamic = (flags & NftBatch.FilledByRules) != 0;
                sets.Add(new NftSet(name, new FieldType("", 0, key), value)
                {
                    Size = isDynamic ? size : 0,
                    Capacity = isDynamic ? 0 : size,
                    Elements = isDynamic ? [] : null,
                });
            }
        });
        return sets;
    }

    private List<NftChain> Chains(NftTable table)
    {
        var chains = new List<NftChain>();
        var request = NetlinkRequest.Tables(socket, GetChain, table.Family, $"reading chains of {table.Name}");
        request.List(chains.Clear, message =>
        {
            var (name, owner, type, number, priority, device, isBase) = ("", "", "", 0u, 0, (string?)null, false);
            foreach (var attribute in message.Attributes(4))
            {
                switch (attribute.Type)
                {
                    case 1:
                        owner = attribute.Text;
                        break;
                    case 3:
                        name = attribute.Text;
                        break;
                    case 7:
                        type = attribute.Text;
                        break;
                    case 4:
                        isBase = true;
                        foreach (var part in attribute.Nested)
                        {
                            number = part.Type == 1 ? part.Number : number;
                            priority = part.Type == 2 ? (int)part.Number : priority;
                            device = part.Type == 3 ? part.Text : device;
                        }

                        break;
                }
            }

            if (owner == table.Name)
            {
                var hook = !isBase ? null
                    : device is not null ? ChainHook.Ingress(device)
                    : ChainHook.All.FirstOrDefault(known => known.Number == number && known.Type == type && known.Priority == priority)
                    ?? new ChainHook(type, "", number, priority);
                chains.Add(new NftChain(name, hook) { Rules = null });
            }
        });
        return chains;
    }
}
