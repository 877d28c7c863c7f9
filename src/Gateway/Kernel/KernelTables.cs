using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Gateway's tables in the kernel, brought in line with what services want by the difference. Not for several
/// threads at once.</summary>
internal sealed class KernelTables : IDisposable
{
    private static readonly (TableFamily Family, string Name)[] _ours =
        [(TableFamily.Netdev, DirectTable.Name), (TableFamily.Inet, NatTable.Name)];

    private readonly NetlinkSocket _socket;
    private readonly NftReader _reader;
    private readonly Dictionary<TableFamily, NftTable> _tables = [];

    /// <summary>Opens the way to the kernel and finds out what it can do.</summary>
    /// <exception cref="NetlinkException">There is no such way.</exception>
    public KernelTables()
    {
        _socket = new NetlinkSocket(NetlinkSocket.Netfilter);
        _reader = new NftReader(_socket);
        Features = FeatureProbe.Run(_socket);
    }

    public FeatureProbe Features { get; }

    /// <summary>Takes over what a process before has left.</summary>
    public void Adopt()
    {
        _tables.Clear();
        foreach (var (family, name) in _ours)
        {
            if (_reader.Find(family, name) is { } found)
            {
                _tables[family] = found;
                IsTakingOver = true;
            }
        }
    }

    /// <summary>Removes what a process before has left, for one that asks nothing of the kernel.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static void RemoveLeftovers()
    {
        using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
        var reader = new NftReader(socket);
        foreach (var (family, name) in _ours)
        {
            try
            {
                // Another process of this machine may have tables of the same name in use.
                if (reader.Owner(family, name) != 0)
                {
                    continue;
                }
            }
            catch (NetlinkException)
            {
                // Without the capability there can be nothing of ours, and where nf_tables is missing neither.
                return;
            }

            var batch = new NftBatch(socket);
            batch.DeleteTable(new NftTable(family, name));
            batch.Commit();
        }
    }

    /// <summary>Whether the next change takes a table over.</summary>
    public bool IsTakingOver { get; private set; }

    /// <summary>Brings the tables in line; returns whether anything had to change.</summary>
    /// <param name="services">What is wanted.</param>
    /// <param name="more">Writes further changes into the same transaction.</param>
    /// <exception cref="NetlinkException">The kernel refused, and nothing has changed.</exception>
    public bool Apply(IReadOnlyList<ForwardedService> services, Action<NftBatch, IReadOnlyDictionary<TableFamily, NftTable>>? more = null)
    {
        var wanted = new[] { DirectTable.Of(services), NatTable.Of(services) }
            .OfType<NftTable>().ToDictionary(table => table.Family);
        var batch = new NftBatch(_socket);
        foreach (var (family, _) in _ours)
        {
            NftDelta.Write(
                batch, _tables.GetValueOrDefault(family), wanted.GetValueOrDefault(family), Features.TableFlags,
                IsTakingOver && _tables.ContainsKey(family));
        }

        more?.Invoke(batch, wanted);
        var isChange = !batch.IsEmpty;
        batch.Commit();
        _tables.Clear();
        foreach (var (family, table) in wanted)
        {
            _tables[family] = table;
        }

        IsTakingOver = false;
        return isChange;
    }

    /// <summary>The counters of a family's table, by name.</summary>
    public Dictionary<string, (long Packets, long Bytes)> Counters(TableFamily family) =>
        _tables.TryGetValue(family, out var table) && !IsTakingOver ? _reader.Counters(table) : [];

    /// <summary>How many elements of a map of flows lead to each id.</summary>
    public Dictionary<uint, int> CountFlows(TableFamily family, string map) => _reader.CountByMark(_tables[family], map);

    public void Dispose() => _socket.Dispose();
}
