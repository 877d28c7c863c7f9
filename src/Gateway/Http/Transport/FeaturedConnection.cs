using System.Collections;
using System.Security.Claims;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http.Transport;

/// <summary>A connection that is the collection of its own features.</summary>
/// <remarks>What the framework has for it keeps all in a dictionary of a thousand bytes that grows four times until it is complete. A
/// connection has a handful of features beside its own, which a short list holds, and is searched as fast.</remarks>
internal abstract class FeaturedConnection : ConnectionContext, IFeatureCollection, IConnectionIdFeature, IConnectionItemsFeature,
    IConnectionTransportFeature, IConnectionUserFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature
{
    // What Kestrel sets for a connection without TLS.
    private const int Usual = 5;

    private KeyValuePair<Type, object?>[] _set = new KeyValuePair<Type, object?>[Usual];
    private int _count;
    private IDictionary<object, object?>? _items;

    public override IFeatureCollection Features => this;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public ClaimsPrincipal? User { get; set; }

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            // A drain looks from another thread while the server may be adding one.
            var set = Volatile.Read(ref _set);
            foreach (var (type, feature) in set.AsSpan(0, Math.Min(Volatile.Read(ref _count), set.Length)))
            {
                if (type == key)
                {
                    return feature;
                }
            }

            return Own(key);
        }

        set
        {
            Revision++;
            for (var i = 0; i < _count; i++)
            {
                if (_set[i].Key == key)
                {
                    _set[i] = new(key, value);
                    return;
                }
            }

            if (_count == _set.Length)
            {
                Array.Resize(ref _set, _count * 2);
            }

            _set[_count++] = new(key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    /// <summary>Those that were set; its own are found by type.</summary>
    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
        {
            if (_set[i] is { Key: var type, Value: { } feature })
            {
                yield return new(type, feature);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A feature that was not set.</summary>
    protected virtual object? Own(Type type) =>
        type == typeof(IConnectionTransportFeature) || type == typeof(IConnectionEndPointFeature)
        || type == typeof(IConnectionLifetimeFeature) || type == typeof(IConnectionIdFeature)
        || type == typeof(IConnectionItemsFeature) || type == typeof(IConnectionUserFeature)
            ? this
            : null;
}
